import ApusCPUKernels
import ApusGraph

/// The heads of an attention, each of which is computed by one thread.
///
/// Queries are taken in blocks. Scores of a block are one matrix product with the transposed keys, which are packed once;
/// a causal head leaves out the keys behind the block.
struct AttentionHeads {
  let shape: AttentionShape
  private let matrix: MatrixKernels
  private let images: ImageKernels
  /// Queries of a block, and the floats of a row of scores.
  private let blockRows: Int
  private let pitch: Int
  private let blocks: [Block]

  /// Floats of a block's scores: a few blocks stay in a second-level cache.
  private static let scoreFloats = 49_152

  init(_ shape: AttentionShape, _ kernels: KernelTable) {
    self.shape = shape
    matrix = kernels.matrix
    images = kernels.images
    let panel = matrix.panelColumns
    // Not a multiple of a page, so that rows share no cache set.
    pitch = (shape.length + panel - 1) / panel * panel + ChainPlan.lanes
    let fitting = AttentionHeads.scoreFloats / pitch / matrix.tileRows * matrix.tileRows
    blockRows = max(matrix.tileRows, min(fitting, shape.isCausal ? 4 * matrix.tileRows : 8 * matrix.tileRows))
    blocks = Workers.blocks(shape.length, of: blockRows).map {
      Block(first: $0.lowerBound, rows: $0.count, keys: shape.isCausal ? $0.upperBound : shape.length)
    }
  }

  /// The number of heads of all sequences.
  var count: Int { shape.batch * shape.heads }

  /// The work of all, in simple operations.
  var work: Int { count * shape.length * shape.length * (shape.width / 4 + 8) }

  private var panels: Int { (shape.length + matrix.panelColumns - 1) / matrix.panelColumns }
  private var panelFloats: Int { panels * matrix.panelColumns * shape.width }
  private var scoreFloats: Int { blockRows * pitch }

  /// Floats of scratch memory of a thread.
  var forwardScratchCount: Int { panelFloats + scoreFloats + 64 }
  var backwardScratchCount: Int { 2 * (panelFloats + scoreFloats) + 64 }

  /// Floats between the positions of a sequence, before and after.
  private var packedStride: Int { 3 * shape.heads * shape.width }
  private var resultStride: Int { shape.heads * shape.width }

  private func packedOffset(_ head: Int) -> Int {
    head / shape.heads * shape.length * packedStride + head % shape.heads * shape.width
  }

  private func resultOffset(_ head: Int) -> Int {
    head / shape.heads * shape.length * resultStride + head % shape.heads * shape.width
  }

  /// Some queries, and the keys that they attend to.
  private struct Block {
    var first: Int
    var rows: Int
    var keys: Int
  }

  private func rows(_ block: Block, _ scores: UnsafeMutablePointer<Float>) -> AttentionRows {
    AttentionRows(
      scores: scores, stride: pitch, rows: block.rows, keys: block.keys,
      firstKeys: shape.isCausal ? block.first + 1 : shape.length, keysPerRow: shape.isCausal ? 1 : 0,
      scale: Float(shape.scale))
  }

  // MARK: - Products

  /// Packs the transpose of rows for products with it.
  private func pack(_ source: UnsafePointer<Float>, stride: Int, _ packed: UnsafeMutablePointer<Float>) {
    matrix.pack(
      MatrixPanels(
        source: source, minorStride: stride, depthStride: 1, count: shape.length, depth: shape.width,
        destination: packed, panelStride: shape.width * matrix.panelColumns, width: matrix.panelColumns))
  }

  /// `scores = rows · packedᵀ` for a block.
  private func scores(
    _ block: Block, _ rows: UnsafePointer<Float>, stride: Int, _ packed: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    matrix.multiply(
      MatrixBlock(
        a: rows + block.first * stride, aTileStride: matrix.tileRows * stride, aRowStride: stride, aDepthStride: 1,
        b: packed, bPanelStride: shape.width * matrix.panelColumns, bDepthStride: matrix.panelColumns,
        c: scores, cRowStride: pitch, rows: block.rows, columns: block.keys, depth: shape.width, accumulates: false))
  }

  /// `target = scores · values`, a row for every query of a block.
  private func combine(
    _ block: Block, _ scores: UnsafePointer<Float>, _ values: UnsafePointer<Float>, stride: Int,
    _ target: UnsafeMutablePointer<Float>, targetStride: Int
  ) {
    matrix.multiply(
      MatrixBlock(
        a: scores, aTileStride: matrix.tileRows * pitch, aRowStride: pitch, aDepthStride: 1,
        b: values, bPanelStride: matrix.panelColumns, bDepthStride: stride,
        c: target + block.first * targetStride, cRowStride: targetStride, rows: block.rows, columns: shape.width,
        depth: block.keys, accumulates: false))
  }

  /// `target += scoresᵀ · queries`, a row for every key of a block; the last block comes first and begins the sums.
  private func scatter(
    _ block: Block, _ scores: UnsafePointer<Float>, _ queries: UnsafePointer<Float>, stride: Int,
    _ target: UnsafeMutablePointer<Float>
  ) {
    matrix.multiply(
      MatrixBlock(
        a: scores, aTileStride: matrix.tileRows, aRowStride: 1, aDepthStride: pitch,
        b: queries + block.first * stride, bPanelStride: matrix.panelColumns, bDepthStride: stride,
        c: target, cRowStride: packedStride, rows: block.keys, columns: shape.width, depth: block.rows,
        accumulates: block.first + block.rows < shape.length))
  }

  // MARK: - One head

  func forward(
    _ head: Int, _ packed: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let queries = packed + packedOffset(head)
    let (keys, values) = (queries + resultStride, queries + 2 * resultStride)
    let scores = scratch + (panelFloats + 15) / 16 * 16
    pack(keys, stride: packedStride, scratch)
    for block in blocks {
      self.scores(block, queries, stride: packedStride, scratch, scores)
      images.attentionWeights(rows(block, scores))
      combine(
        block, scores, values, stride: packedStride, output + resultOffset(head), targetStride: resultStride)
    }
  }

  /// What the gradient is computed from, and where it goes.
  struct BackwardOperands {
    var packed: UnsafePointer<Float>
    var result: UnsafePointer<Float>
    var upstream: UnsafePointer<Float>
    var output: UnsafeMutablePointer<Float>
  }

  func backward(_ head: Int, _ o: BackwardOperands, _ scratch: UnsafeMutablePointer<Float>) {
    let queries = o.packed + packedOffset(head)
    let (keys, values) = (queries + resultStride, queries + 2 * resultStride)
    let upstream = o.upstream + resultOffset(head)
    let result = o.result + resultOffset(head)
    let target = o.output + packedOffset(head)
    let panels = (panelFloats + 15) / 16 * 16
    let (packedKeys, packedValues) = (scratch, scratch + panels)
    let weights = scratch + 2 * panels
    let gradients = weights + scoreFloats
    pack(keys, stride: packedStride, packedKeys)
    pack(values, stride: packedStride, packedValues)
    for block in blocks.reversed() {
      scores(block, queries, stride: packedStride, packedKeys, weights)
      images.attentionWeights(rows(block, weights))
      scatter(block, weights, upstream, stride: resultStride, target + 2 * resultStride)
      scores(block, upstream, stride: resultStride, packedValues, gradients)
      images.attentionScoreGradients(
        rows(block, gradients),
        AttentionReturns(
          weights: weights, result: result + block.first * resultStride,
          gradient: upstream + block.first * resultStride, stride: resultStride, width: shape.width))
      combine(block, gradients, keys, stride: packedStride, target, targetStride: packedStride)
      scatter(block, gradients, queries, stride: packedStride, target + resultStride)
    }
  }
}
