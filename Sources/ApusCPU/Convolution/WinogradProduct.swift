import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// A convolution's forward product or the gradient of its input by Winograd's minimal filtering.
///
/// Tiles of 4×4 pixels are computed in 36 products a channel instead of 144 for a window of 3×3, and in 64 instead of 400
/// for one of 5×5. A block of tiles at a time is transformed, multiplied and transformed back while it is in the cache.
/// Errors are up to 5 times those of the direct sums (7 to 20 times for 5×5), and a number that is not finite spreads over
/// its tile.
struct WinogradProduct: ConvolutionProduct {
  private let shape: ConvolutionShape
  private let kernels: ConvolutionKernels
  private let geometry: WinogradGeometry
  private let isForward: Bool
  /// Channels of the source and of the result in one group.
  private let depth: Int
  private let channels: Int
  private let blocks: [Range<Int>]
  /// Channels of the source whose weights are transformed in one task.
  private let depthParts: [Range<Int>]
  /// Floats of a tile's channels: whole vectors.
  private let depthWidth: Int

  /// Nil where the direct sums are the better choice, or the only one.
  init?(_ kernel: ConvolutionKernel, kernels: ConvolutionKernels, method: ConvolutionMethod, threadCount: Int) {
    let shape = kernel.shape
    guard method != .direct, let filter = WinogradFilter(kernel.pass, shape) else { return nil }
    isForward = kernel.pass == .forward
    (depth, channels) = (filter.inChannels, filter.outChannels)
    depthWidth = (depth + kernels.lanes - 1) / kernels.lanes * kernels.lanes
    blocks = Workers.blocks(channels, of: 2 * kernels.lanes)
    depthParts = Workers.blocks(depth, of: 16)
    let width = min(2, (channels + kernels.lanes - 1) / kernels.lanes) * kernels.lanes
    let geometry = WinogradGeometry(
      filter, floatsPerTile: filter.products * (depthWidth + width), images: shape.images,
      blocks: (4 * threadCount + shape.groups - 1) / shape.groups)
    guard method == .winograd || geometry.isFaster(depth: depth, channels: channels, lanes: kernels.lanes) else {
      return nil
    }
    self.geometry = geometry
    self.shape = shape
    self.kernels = kernels
  }

  // MARK: - Scratch memory

  private var window: Int { geometry.tiling.window * geometry.tiling.window }
  private func width(_ block: Range<Int>) -> Int { block.count > kernels.lanes ? 2 * kernels.lanes : kernels.lanes }
  /// Floats of a group's transformed weights.
  private var groupWeightCount: Int { blocks.reduce(0) { $0 + geometry.tiling.products * depth * width($1) } }
  private func weightOffset(_ group: Int, _ block: Range<Int>) -> Int {
    group * groupWeightCount + geometry.tiling.products * depth * block.lowerBound
  }
  private var sourceCount: Int { geometry.tiling.products * geometry.productStride(depthWidth) }
  private var productCount: Int { geometry.tiling.products * geometry.productStride(2 * kernels.lanes) }

  var sharedCount: Int { shape.groups * groupWeightCount }

  var columns: Int { geometry.tiling.outputColumns }

  var scratchCount: Int {
    let tiling = geometry.tiling
    let steps =
      sourceCount + productCount
      + max(
        WinogradExpansion.scratchCount(tiling, lanes: kernels.lanes),
        WinogradResult.scratchCount(tiling, lanes: kernels.lanes))
    return max(steps, window * 16 * 2 * kernels.lanes + tiling.window * tiling.points * kernels.lanes)
  }

  // MARK: - Running

  func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>,
    epilogue: Epilogue?
  ) {
    expand(weights, shared, on: workers, scratch: scratch)
    let rowBlocks = geometry.rowBlocks
    workers.tasks(shape.groups * rowBlocks.count, work: shape.operationCount / 32) { worker, task in
      multiply(
        group: task / rowBlocks.count, rows: rowBlocks[task % rowBlocks.count], source: source,
        weights: UnsafePointer(shared), result: result, scratch: scratch(worker)
      ) { image, channels, rows, planes in
        epilogue?(worker, image, channels, rows, planes)
      }
    }
  }

  /// Some rows of tiles of one group.
  private func multiply(
    group: Int, rows: Range<Int>, source: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    finish: (_ image: Int, _ channels: Range<Int>, _ rows: Range<Int>, _ result: UnsafeMutablePointer<Float>) -> Void
  ) {
    let tiling = geometry.tiling
    let products = scratch + sourceCount
    let rest = products + productCount
    let sourceStride = geometry.productStride(depthWidth)
    kernels.winograd.expandTiles(
      WinogradExpansion(
        tiling: tiling, side: .input, source: source + group * depth * geometry.inputPlane,
        imageStride: depth * shape.groups * geometry.inputPlane, channels: depth, firstRow: rows.lowerBound,
        rowCount: rows.count, target: scratch, tileStride: depthWidth, productStride: sourceStride, scratch: rest))
    for block in blocks {
      let width = width(block)
      let productStride = geometry.productStride(width)
      kernels.winograd.multiply(
        WinogradProducts(
          count: tiling.products, source: UnsafePointer(scratch), sourceProduct: sourceStride, sourceStep: depthWidth,
          sourceDepth: 1, packed: weights + weightOffset(group, block), packedProduct: depth * width, width: width,
          target: products, targetProduct: productStride, rows: rows.count * tiling.tileColumns, depth: depth,
          accumulates: false))
      let channel = group * channels + block.lowerBound
      let image = channels * shape.groups * geometry.outputPlane
      let planes = result + channel * geometry.outputPlane
      kernels.winograd.reduceTiles(
        WinogradResult(
          tiling: tiling, products: UnsafePointer(products), productStride: productStride, width: width,
          firstRow: rows.lowerBound, rowCount: rows.count, target: planes, imageStride: image, channels: block.count,
          scratch: rest))
      for part in geometry.parts(of: rows) {
        finish(
          part.image, channel..<channel + block.count, part.rows,
          planes + part.image * image + part.rows.lowerBound * tiling.outputColumns)
      }
    }
  }

  private func expand(
    _ weights: UnsafePointer<Float>, _ shared: UnsafeMutablePointer<Float>, on workers: Workers,
    scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>
  ) {
    let inner = shape.channels / shape.groups * window
    let perGroup = blocks.count * depthParts.count
    workers.tasks(shape.groups * perGroup, work: 4 * shape.weightShape.count) { worker, task in
      let group = task / perGroup
      let block = blocks[task % perGroup / depthParts.count]
      let part = depthParts[task % depthParts.count]
      let (resultStride, sourceStride) = isForward ? (inner, window) : (window, inner)
      let start =
        group * shape.features / shape.groups * inner + block.lowerBound * resultStride
        + part.lowerBound * sourceStride
      let width = width(block)
      kernels.winograd.expandWeights(
        WinogradWeights(
          weights: ConvolutionWeights(
            weights: weights + start, resultStride: resultStride, sourceStride: sourceStride, channels: block.count,
            depth: part.count, window: window, packed: scratch(worker), windowStride: part.count * width, width: width),
          isReversed: !isForward, target: shared + weightOffset(group, block) + part.lowerBound * width,
          productStride: depth * width))
    }
  }
}

extension WinogradGeometry {
  /// The images that rows of tiles belong to, and the rows of the output's pixels that they cover in each.
  fileprivate func parts(of rows: Range<Int>) -> [(image: Int, rows: Range<Int>)] {
    let (first, last) = (rows.lowerBound / tiling.tileRows, (rows.upperBound - 1) / tiling.tileRows)
    return (first...last).map { image in
      let start = max(rows.lowerBound - image * tiling.tileRows, 0) * WinogradTiling.extent
      let end = (rows.upperBound - image * tiling.tileRows) * WinogradTiling.extent
      return (image, start..<min(end, tiling.outputRows))
    }
  }
}
