import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// The gradient of a convolution's weights by Winograd's minimal filtering: tiles of the input and of the output's gradient
/// are transformed, their products are summed over all tiles, and only the sums are transformed back.
///
/// Features lie in a vector's lanes and channels in the rows of a register tile. Sums over images are cut into ranges
/// that the shape alone decides, and added up in order.
struct WinogradWeightGradient: ConvolutionWeightGradient {
  private let shape: ConvolutionShape
  private let kernels: ConvolutionKernels
  private let channels: Int
  private let features: Int
  private let blocks: [Range<Int>]
  /// Blocks that are computed in one task.
  private let blockParts: [Range<Int>]
  private let channelParts: [Range<Int>]
  /// Floats of a tile's channels: whole vectors.
  private let channelWidth: Int
  private let imageParts: [Range<Int>]
  /// The tiling of as many images as the largest part has.
  private let geometry: WinogradGeometry

  /// The tasks that images are cut for: fixed, so that sums do not depend on the number of threads.
  private static let taskGoal = 32
  /// The tiles that are worth sums of their own, which have to be added to the others'.
  private static let fewestTiles = 128
  /// Floats of sums of products.
  private static let sumLimit = 2 << 20
  /// Where images alone make fewer tasks than this, each task takes some of the features, although every one then
  /// transforms the same input.
  private static let fewestTasks = 4
  /// Channels whose sums are transformed back in one task.
  private static let reducedChannels = 4

  /// Nil where the direct sums are the better choice, or the only one.
  init?(_ kernel: ConvolutionKernel, kernels: ConvolutionKernels, method: ConvolutionMethod) {
    let shape = kernel.shape
    guard method != .direct, let filter = WinogradFilter(kernel.pass, shape) else { return nil }
    self.shape = shape
    self.kernels = kernels
    (channels, features) = (filter.inChannels, filter.outChannels)
    channelWidth = (channels + kernels.lanes - 1) / kernels.lanes * kernels.lanes
    blocks = Workers.blocks(features, of: 2 * kernels.lanes)
    channelParts = Workers.blocks(channels, of: WinogradWeightGradient.reducedChannels)
    let products = filter.products
    let tiles = filter.tiles.reduce(shape.images, *)
    let parts = WinogradWeightGradient.powerOfTwo(
      min(
        shape.images, WinogradWeightGradient.taskGoal / shape.groups, tiles / WinogradWeightGradient.fewestTiles,
        WinogradWeightGradient.sumLimit / max(products * channels * shape.features, 1)))
    let isSplit = parts * shape.groups < WinogradWeightGradient.fewestTasks
    blockParts = Workers.blocks(blocks.count, of: isSplit ? 1 : max(blocks.count, 1))
    imageParts = (0..<parts).map { $0 * shape.images / parts..<($0 + 1) * shape.images / parts }
    let width = min(2, (features + kernels.lanes - 1) / kernels.lanes) * kernels.lanes
    let geometry = WinogradGeometry(
      filter, floatsPerTile: products * (channelWidth + width), images: imageParts.map(\.count).max() ?? 0, blocks: 1)
    guard method == .winograd || geometry.isFaster(depth: channels, channels: features, lanes: kernels.lanes) else {
      return nil
    }
    self.geometry = geometry
  }

  /// The largest one that a number is no less than, so that parts are shared out evenly; 1 at least.
  private static func powerOfTwo(_ limit: Int) -> Int { limit < 2 ? 1 : 2 * powerOfTwo(limit / 2) }

  // MARK: - Scratch memory

  private func width(_ block: Range<Int>) -> Int { block.count > kernels.lanes ? 2 * kernels.lanes : kernels.lanes }
  /// Floats of one group's sums for one range of images.
  private var groupSumCount: Int { blocks.reduce(0) { $0 + geometry.tiling.products * channels * width($1) } }
  private var inputCount: Int { geometry.tiling.products * geometry.productStride(channelWidth) }
  private var gradientCount: Int { geometry.tiling.products * geometry.productStride(2 * kernels.lanes) }

  var sharedCount: Int { imageParts.count * shape.groups * groupSumCount }

  var scratchCount: Int {
    max(
      inputCount + gradientCount + WinogradExpansion.scratchCount(geometry.tiling, lanes: kernels.lanes),
      WinogradSums.scratchCount(
        geometry.tiling, channels: WinogradWeightGradient.reducedChannels, lanes: kernels.lanes))
  }

  // MARK: - Running

  func run(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>
  ) {
    let tiling = geometry.tiling
    let partStride = shape.groups * groupSumCount
    func sums(_ group: Int, _ block: Range<Int>) -> UnsafeMutablePointer<Float> {
      shared + group * groupSumCount + tiling.products * channels * block.lowerBound
    }
    let perImages = shape.groups * blockParts.count
    workers.tasks(imageParts.count * perImages, work: shape.operationCount / 32) { worker, task in
      let (part, group) = (task / perImages, task % perImages / blockParts.count)
      sum(
        group: group, blocks: blocks[blockParts[task % blockParts.count]], images: imageParts[part], input: input,
        gradient: gradient, sums: { sums(group, $0) + part * partStride }, scratch: scratch(worker))
    }
    let perGroup = blocks.count * channelParts.count
    let elements = tiling.window * tiling.window
    workers.tasks(shape.groups * perGroup, work: 4 * imageParts.count * shape.weightShape.count) { worker, task in
      let group = task / perGroup
      let block = blocks[task % perGroup / channelParts.count]
      let part = channelParts[task % channelParts.count]
      let width = width(block)
      kernels.winograd.reduceWeights(
        WinogradSums(
          tiling: tiling, partials: UnsafePointer(sums(group, block)), count: imageParts.count, stride: partStride,
          productStride: channels * width, width: width, firstChannel: part.lowerBound, channelCount: part.count,
          target: result + (group * features + block.lowerBound) * channels * elements,
          featureStride: channels * elements, features: block.count, scratch: scratch(worker)))
    }
  }

  /// The sums of some blocks of features of one group over some images.
  private func sum(
    group: Int, blocks: ArraySlice<Range<Int>>, images: Range<Int>, input: UnsafePointer<Float>,
    gradient: UnsafePointer<Float>,
    sums: (_ block: Range<Int>) -> UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let tiling = geometry.tiling
    let gradients = scratch + inputCount
    let rest = gradients + gradientCount
    let (inputImage, outputImage) = (shape.channels * geometry.inputPlane, shape.features * geometry.outputPlane)
    let inputs = input + images.lowerBound * inputImage + group * channels * geometry.inputPlane
    let outputs = gradient + images.lowerBound * outputImage + group * features * geometry.outputPlane
    for block in blocks { sums(block).update(repeating: 0, count: tiling.products * channels * width(block)) }
    let end = images.count * tiling.tileRows
    for rows in geometry.rowBlocks where rows.lowerBound < end {
      let rowCount = min(rows.upperBound, end) - rows.lowerBound
      let inputStride = geometry.productStride(channelWidth)
      kernels.winograd.expandTiles(
        WinogradExpansion(
          tiling: tiling, side: .input, source: inputs, imageStride: inputImage, channels: channels,
          firstRow: rows.lowerBound, rowCount: rowCount, target: scratch, tileStride: channelWidth,
          productStride: inputStride, scratch: rest))
      for block in blocks {
        let width = width(block)
        let gradientStride = geometry.productStride(width)
        kernels.winograd.expandTiles(
          WinogradExpansion(
            tiling: tiling, side: .outputGradient, source: outputs + block.lowerBound * geometry.outputPlane,
            imageStride: outputImage, channels: block.count, firstRow: rows.lowerBound, rowCount: rowCount,
            target: gradients, tileStride: width, productStride: gradientStride, scratch: rest))
        kernels.winograd.multiply(
          WinogradProducts(
            count: tiling.products, source: UnsafePointer(scratch), sourceProduct: inputStride, sourceStep: 1,
            sourceDepth: channelWidth, packed: UnsafePointer(gradients), packedProduct: gradientStride, width: width,
            target: sums(block), targetProduct: channels * width, rows: channels,
            depth: rowCount * tiling.tileColumns, accumulates: true))
      }
    }
  }
}
