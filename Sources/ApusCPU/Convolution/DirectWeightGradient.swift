import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// The gradient of a convolution's weights as direct sums.
///
/// The lanes of vectors are features; the sums over images are cut into ranges that the shape alone decides, and added
/// up in order.
final class DirectWeightGradient: ConvolutionWeightGradient {
  private let shape: ConvolutionShape
  private let kernels: ConvolutionKernels
  private let channels: Int
  private let features: Int
  private let window: Int
  private let blocks: [Range<Int>]
  private let channelParts: [Range<Int>]
  private let imageParts: [Range<Int>]
  /// Elements of a feature's weights that are added up in one task.
  private let elementParts: [Range<Int>]
  private let plan: UnsafeMutablePointer<ConvolutionWeightPlan>
  private let storage: StepStorage
  /// Floats of a thread's copy of the input.
  private let copiedCount: Int

  /// The tasks that images are cut for: fixed, so that sums do not depend on the number of threads.
  private static let taskGoal = 32
  /// Floats of packed gradients that a second-level cache holds beside everything else.
  private static let packedFloats = 32_768
  /// Floats of partial sums.
  private static let partialLimit = 4 << 20

  init(_ kernel: ConvolutionKernel, kernels: ConvolutionKernels) {
    let shape = kernel.shape
    self.shape = shape
    self.kernels = kernels
    channels = shape.channels / shape.groups
    features = shape.features / shape.groups
    window = shape.window.size.reduce(1, *)
    elementParts = Workers.blocks(channels * window, of: 256)
    blocks = Workers.blocks(features, of: 2 * kernels.lanes)
    let isNarrow = features <= kernels.lanes
    let tile = isNarrow ? kernels.narrowRows : kernels.broadRows
    let tilesWindow = channels < 5 && channels < shape.window.size[1]
    // Channels are shared out in parts of a few tiles, because every part packs the gradients anew.
    channelParts = Workers.blocks(channels, of: 3 * tile)
    let tasks = shape.groups * blocks.count * channelParts.count
    let weights = shape.weightShape.count
    let parts = min(
      shape.images, max(1, (DirectWeightGradient.taskGoal + tasks - 1) / tasks),
      max(1, DirectWeightGradient.partialLimit / weights))
    imageParts = (0..<parts).map { $0 * shape.images / parts..<($0 + 1) * shape.images / parts }
    let outputPlane = shape.output[0] * shape.output[1]
    let width = isNarrow ? kernels.lanes : 2 * kernels.lanes
    let group = max(
      1,
      min(
        (shape.images + parts - 1) / parts, DirectWeightGradient.packedFloats / (outputPlane * width)))
    let axes = (0..<2).map { ConvolutionAxis(shape, .forward, axis: $0) }
    let copy = ConvolutionCopy(
      channels: channelParts.map(\.count).max() ?? 0, axes, tileReadsPlanes: !tilesWindow, pads: tilesWindow)
    copiedCount = copy.map { group * $0.channels * $0.pitch + ChainPlan.lanes } ?? 0
    storage = StepStorage()
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: DirectWeightGradient.plan(
        shape, group: group, tile: tile, windowTile: min(kernels.narrowRows, kernels.broadRows),
        tilesWindow: tilesWindow, copy: copy, storage))
  }

  deinit { plan.deallocate() }

  private static func plan(
    _ shape: ConvolutionShape, group: Int, tile: Int, windowTile: Int, tilesWindow: Bool, copy: ConvolutionCopy?,
    _ storage: StepStorage
  ) -> ConvolutionWeightPlan {
    let rows = ConvolutionAxis(shape, .forward, axis: 0)
    var columns = ConvolutionAxis(shape, .forward, axis: 1)
    if let copy, copy.isPadded { columns = columns.padded }
    let (inputPlane, outputPlane) = (rows.source * columns.source, rows.result * columns.result)
    let inputPitch = copy?.pitch ?? inputPlane
    let channels = shape.channels / shape.groups
    let imageStride = copy.map { $0.channels * $0.pitch } ?? shape.channels * inputPlane
    var runs: [ConvolutionRun] = []
    var rowsPerImage: [Int] = []
    var rowSteps: [ConvolutionStep] = []
    for element in 0..<rows.window {
      let first = rowSteps.count
      for image in 0..<group {
        for position in 0..<rows.result {
          guard let source = rows.source(of: position, element: element) else { continue }
          rowSteps.append(
            ConvolutionStep(
              source: image * imageStride + source * columns.paddedSource,
              packed: image * outputPlane + position * columns.result))
        }
      }
      runs.append(ConvolutionRun(first: first, count: rowSteps.count - first))
      rowsPerImage.append((rowSteps.count - first) / group)
    }
    var columnSteps: [ConvolutionStep] = []
    var pieces: [ConvolutionPiece] = []
    func append(_ positions: Range<Int>, _ elements: Range<Int>) {
      guard let source = columns.source(of: positions.lowerBound, element: elements.lowerBound) else { return }
      pieces.append(
        ConvolutionPiece(
          target: elements.lowerBound, rows: elements.count, steps: ConvolutionRun(first: columnSteps.count, count: 1),
          depth: positions.count, sourceDepth: shape.window.strides[1], packedDepth: 1, accumulates: true))
      columnSteps.append(ConvolutionStep(source: source, packed: positions.lowerBound))
    }
    for (positions, elements) in columns.overlaps(byElement: !tilesWindow) {
      for part in Workers.blocks(elements.count, of: tilesWindow ? windowTile : 1) {
        append(positions, elements.lowerBound + part.lowerBound..<elements.lowerBound + part.upperBound)
      }
    }
    return ConvolutionWeightPlan(
      channels: channels, windowRows: rows.window, windowColumns: columns.window, inputPlane: inputPlane,
      inputImage: shape.channels * inputPlane, copy: copy, inputPitch: inputPitch, outputPlane: outputPlane,
      outputImage: shape.features * outputPlane,
      groupImages: group, tilesWindow: tilesWindow, tileChannels: tilesWindow ? 1 : tile,
      sourceStep: tilesWindow ? shape.window.dilation[1] : inputPitch,
      rowRuns: storage.copy(runs), rowsPerImage: storage.copy(rowsPerImage), rowSteps: storage.copy(rowSteps),
      pieces: storage.copy(pieces), pieceCount: pieces.count, columnSteps: storage.copy(columnSteps))
  }

  // MARK: - Scratch memory

  private func width(_ block: Range<Int>) -> Int { block.count > kernels.lanes ? 2 * kernels.lanes : kernels.lanes }
  private var elements: Int { channels * window }
  /// Floats of one group's partial sums for one range of images.
  private var groupPartialCount: Int { blocks.reduce(0) { $0 + elements * width($1) } }

  var sharedCount: Int { imageParts.count * shape.groups * groupPartialCount }

  var scratchCount: Int {
    plan.pointee.groupImages * plan.pointee.outputPlane * 2 * kernels.lanes + copiedCount
  }

  // MARK: - Running

  func run(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>
  ) {
    let perImages = shape.groups * blocks.count * channelParts.count
    let partStride = shape.groups * groupPartialCount
    func partial(_ group: Int, _ block: Range<Int>) -> UnsafeMutablePointer<Float> {
      shared + group * groupPartialCount + elements * block.lowerBound
    }
    workers.tasks(imageParts.count * perImages, work: shape.operationCount / 16) { worker, task in
      let part = task / perImages
      let images = imageParts[part]
      let group = task % perImages / (blocks.count * channelParts.count)
      let block = blocks[task / channelParts.count % blocks.count]
      let some = channelParts[task % channelParts.count]
      let p = plan.pointee
      kernels.sumWeights(
        plan,
        ConvolutionWeightBlock(
          input: input + images.lowerBound * p.inputImage + group * channels * p.inputPlane,
          gradient: gradient + images.lowerBound * p.outputImage + (group * features + block.lowerBound)
            * p.outputPlane,
          images: images.count, firstChannel: some.lowerBound, channelCount: some.count, features: block.count,
          width: width(block), partial: partial(group, block) + part * partStride, scratch: scratch(worker)))
    }
    let pieces = elementParts
    let perGroup = blocks.count * pieces.count
    workers.tasks(shape.groups * perGroup, work: imageParts.count * shape.weightShape.count) { _, task in
      let group = task / perGroup
      let block = blocks[task % perGroup / pieces.count]
      let piece = pieces[task % pieces.count]
      kernels.combineWeights(
        ConvolutionWeightPartials(
          partials: partial(group, block), count: imageParts.count, stride: partStride, width: width(block),
          firstElement: piece.lowerBound, elementCount: piece.count,
          target: result + (group * features + block.lowerBound) * elements, featureStride: elements,
          features: block.count))
    }
  }
}

extension ConvolutionAxis {
  /// Positions of the result together with elements of the window that all of them read: for each element all its
  /// positions, or for each position, joined with its like, all its elements.
  fileprivate func overlaps(byElement: Bool) -> [(positions: Range<Int>, elements: Range<Int>)] {
    func range(_ count: Int, _ holds: (Int) -> Bool) -> Range<Int>? {
      guard let first = (0..<count).first(where: holds), let last = (0..<count).last(where: holds) else { return nil }
      return first..<last + 1
    }
    if byElement {
      return (0..<window).compactMap { element in
        range(result) { source(of: $0, element: element) != nil }.map { ($0, element..<element + 1) }
      }
    }
    var overlaps: [(positions: Range<Int>, elements: Range<Int>)] = []
    for position in 0..<result {
      guard let elements = range(window, { source(of: position, element: $0) != nil }) else { continue }
      if let last = overlaps.last, last.elements == elements, last.positions.upperBound == position {
        overlaps[overlaps.count - 1].positions = last.positions.lowerBound..<position + 1
      } else {
        overlaps.append((position..<position + 1, elements))
      }
    }
    return overlaps
  }
}
