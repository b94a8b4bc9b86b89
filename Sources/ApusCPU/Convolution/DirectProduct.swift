import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// A convolution's forward product or the gradient of its input as direct sums.
///
/// The lanes of vectors are channels of the result; its pixels are broadcast from the source where it lies. Every element
/// is one sum in an order that the shape alone decides.
final class DirectProduct: ConvolutionProduct {
  private let shape: ConvolutionShape
  private let kernels: ConvolutionKernels
  private let isForward: Bool
  /// Channels of the source and of the result in one group.
  private let depth: Int
  private let channels: Int
  private let window: Int
  private let blocks: [Range<Int>]
  /// Channels of the source whose weights are packed in one task.
  private let depthParts: [Range<Int>]
  /// By the number of vectors of a block, one or two.
  private let plans: [UnsafeMutablePointer<ConvolutionPlan>]
  private let storage: StepStorage
  private let sourcePlane: Int
  private let copiedCount: Int
  private let resultPlane: Int
  let columns: Int
  /// Rows of the result in one task.
  private let taskRows: Int

  /// The scratch memory of one thread: two thirds of a first-level cache.
  private static let bandFloats = 8192

  init(_ kernel: ConvolutionKernel, kernels: ConvolutionKernels, threadCount: Int) {
    let shape = kernel.shape
    self.shape = shape
    self.kernels = kernels
    isForward = kernel.pass == .forward
    depth = (isForward ? shape.channels : shape.features) / shape.groups
    channels = (isForward ? shape.features : shape.channels) / shape.groups
    window = shape.window.size.reduce(1, *)
    blocks = Workers.blocks(channels, of: 2 * kernels.lanes)
    depthParts = Workers.blocks(depth, of: 16)

    // A window of one element that moves by one sees no rows: a plane may be cut as its pixels like it.
    var axes = (0..<2).map { ConvolutionAxis(shape, kernel.pass, axis: $0) }
    let w = shape.window
    if w.size == [1, 1], w.strides == [1, 1], w.padding == [0, 0] {
      let pixels = shape.input[0] * shape.input[1]
      let columns = (shape.input[1]...max(shape.input[1], 512)).last { pixels % $0 == 0 } ?? shape.input[1]
      axes = [ConvolutionAxis(extent: pixels / columns), ConvolutionAxis(extent: columns)]
    }
    sourcePlane = axes[0].source * axes[1].source
    resultPlane = axes[0].result * axes[1].result
    columns = axes[1].result
    let storage = StepStorage()
    self.storage = storage
    let depth = self.depth
    let copy = ConvolutionCopy(channels: depth, axes, tileReadsPlanes: true, pads: axes[1].result >= 20)
    copiedCount = copy.map { $0.channels * $0.pitch + ChainPlan.lanes } ?? 0
    if let copy, copy.isPadded { axes[1] = axes[1].padded }
    plans = [(1, kernels.narrowRows), (2, kernels.broadRows)].map { vectors, tile in
      let plan = UnsafeMutablePointer<ConvolutionPlan>.allocate(capacity: 1)
      plan.initialize(
        to: DirectProduct.plan(
          axes, depth: depth, copy: copy, tile: tile, width: vectors * kernels.lanes, storage))
      return plan
    }
    // One image and one block of channels is a task, unless there are too few for the threads.
    let tasks = shape.images * shape.groups * blocks.count
    let parts = max(1, min(axes[0].result, (4 * threadCount + tasks - 1) / tasks))
    taskRows = (axes[0].result + parts - 1) / parts
  }

  deinit { for plan in plans { plan.deallocate() } }

  private static func plan(
    _ axes: [ConvolutionAxis], depth: Int, copy: ConvolutionCopy?, tile: Int, width: Int,
    _ storage: StepStorage
  ) -> ConvolutionPlan {
    let (rows, columns) = (axes[0], axes[1])
    let plane = copy?.pitch ?? rows.source * columns.source
    var runs: [ConvolutionRun] = []
    var rowSteps: [ConvolutionStep] = []
    for position in 0..<rows.result {
      let first = rowSteps.count
      for element in 0..<rows.window {
        guard let source = rows.source(of: position, element: element) else { continue }
        rowSteps.append(
          ConvolutionStep(source: source * columns.paddedSource, packed: element * columns.window * depth))
      }
      runs.append(ConvolutionRun(first: first, count: rowSteps.count - first))
    }
    var columnSteps: [ConvolutionStep] = []
    let pieces = columns.pieces(tile: tile).map { piece in
      let first = columnSteps.count
      let steps = piece.elements.map {
        ConvolutionStep(source: columns.source(of: piece.first, element: $0) ?? 0, packed: $0 * depth)
      }
      var run = (depth: depth, source: plane, packed: 1)
      if let distance = evenDistance(steps), steps.count > depth {
        // Few channels: the elements of the window are the longer run.
        columnSteps += (0..<depth).map {
          ConvolutionStep(source: steps[0].source + $0 * plane, packed: steps[0].packed + $0)
        }
        run = (steps.count, distance.source, distance.packed)
      } else {
        columnSteps += steps
      }
      return ConvolutionPiece(
        target: piece.first, rows: piece.count,
        steps: ConvolutionRun(first: first, count: columnSteps.count - first), depth: run.depth,
        sourceDepth: run.source, packedDepth: run.packed, accumulates: piece.accumulates)
    }
    return ConvolutionPlan(
      rows: rows.result, columns: columns.result, rowRuns: storage.copy(runs), rowSteps: storage.copy(rowSteps),
      pieces: storage.copy(pieces), pieceCount: pieces.count, columnSteps: storage.copy(columnSteps),
      pixelStep: columns.resultStep, sourceStep: columns.sourceStep, sourcePlane: plane, copy: copy,
      bandRows: max(1, min(rows.result, bandFloats / (columns.result * width))))
  }

  /// The distance between steps where it is always the same.
  private static func evenDistance(_ steps: [ConvolutionStep]) -> ConvolutionStep? {
    guard steps.count > 1 else { return nil }
    let distances = zip(steps.dropFirst(), steps).map {
      ConvolutionStep(source: $0.source - $1.source, packed: $0.packed - $1.packed)
    }
    return distances.allSatisfy { $0 == distances[0] } ? distances[0] : nil
  }

  // MARK: - Scratch memory

  /// Floats of a block's packed weights.
  private func packedCount(_ block: Range<Int>) -> Int { window * depth * width(block) }
  private func width(_ block: Range<Int>) -> Int { block.count > kernels.lanes ? 2 * kernels.lanes : kernels.lanes }
  private var groupPackedCount: Int { blocks.reduce(0) { $0 + packedCount($1) } }

  var sharedCount: Int { shape.groups * groupPackedCount }

  var scratchCount: Int {
    (plans.map { $0.pointee.bandRows }.max() ?? 0) * columns * 2 * kernels.lanes + copiedCount
  }

  // MARK: - Running

  func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>,
    epilogue: Epilogue?
  ) {
    pack(weights, shared, on: workers)
    let rowParts = (plans[0].pointee.rows + taskRows - 1) / taskRows
    let images = shape.images
    let perGroup = blocks.count * images * rowParts
    let (sourceChannels, resultChannels) = (depth * shape.groups, channels * shape.groups)
    workers.tasks(shape.groups * perGroup, work: shape.operationCount / 16) { worker, task in
      // Neighbouring tasks share weights, so that a thread goes on with what it has in its cache.
      let group = task / perGroup
      let block = blocks[task % perGroup / (images * rowParts)]
      let image = task / rowParts % images
      let firstRow = task % rowParts * taskRows
      let rows = min(taskRows, plans[0].pointee.rows - firstRow)
      let channel = group * channels + block.lowerBound
      let planes = result + (image * resultChannels + channel) * resultPlane
      let width = width(block)
      kernels.convolve(
        plans[width / kernels.lanes - 1],
        ConvolutionBlock(
          source: source + (image * sourceChannels + group * depth) * sourcePlane,
          weights: UnsafePointer(shared) + packedOffset(group, block), result: planes, channels: block.count,
          width: width, firstRow: firstRow, rows: rows, scratch: scratch(worker)))
      if let epilogue {
        epilogue(
          worker, image, channel..<channel + block.count, firstRow..<firstRow + rows, planes + firstRow * columns)
      }
    }
  }

  private func packedOffset(_ group: Int, _ block: Range<Int>) -> Int {
    group * groupPackedCount + window * depth * block.lowerBound
  }

  private func pack(_ weights: UnsafePointer<Float>, _ shared: UnsafeMutablePointer<Float>, on workers: Workers) {
    let inner = shape.channels / shape.groups * window
    let parts = depthParts
    let perGroup = blocks.count * parts.count
    workers.tasks(shape.groups * perGroup, work: shape.weightShape.count) { _, task in
      let group = task / perGroup
      let block = blocks[task % perGroup / parts.count]
      let part = parts[task % parts.count]
      let (resultStride, sourceStride) = isForward ? (inner, window) : (window, inner)
      let start =
        group * shape.features / shape.groups * inner + block.lowerBound * resultStride
        + part.lowerBound * sourceStride
      let width = width(block)
      kernels.packWeights(
        ConvolutionWeights(
          weights: weights + start, resultStride: resultStride, sourceStride: sourceStride, channels: block.count,
          depth: part.count, window: window,
          packed: shared + packedOffset(group, block) + part.lowerBound * width, windowStride: depth * width,
          width: width))
    }
  }
}
