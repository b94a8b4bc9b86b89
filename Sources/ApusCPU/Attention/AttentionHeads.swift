import ApusCPUKernels
import ApusGraph

/// The heads of an attention, each of which is computed by one thread.
///
/// Queries are taken by panels, as many as are columns of a register tile. Scores of a panel are one matrix product of the
/// keys with its transposed queries, a row for each key, so that queries lie in the lanes; a causal head leaves out the
/// keys behind the panel. While the products of one head are computed, what the next one reads is fetched: each panel fetches
/// a part of its rows.
struct AttentionHeads {
  let shape: AttentionShape
  private let matrix: MatrixKernels
  private let images: ImageKernels
  private let panels: [Panel]

  /// Some queries, and the keys that they attend to.
  private struct Panel {
    var first: Int
    var queries: Int
    var keys: Int
    /// The keys that all of them attend to.
    var sharedKeys: Int
    /// The positions of the next head that are fetched meanwhile.
    var ahead: Range<Int>
  }

  init(_ shape: AttentionShape, _ kernels: KernelTable) {
    self.shape = shape
    matrix = kernels.matrix
    images = kernels.images
    var panels = Workers.blocks(shape.length, of: kernels.matrix.panelColumns).map {
      Panel(
        first: $0.lowerBound, queries: $0.count, keys: shape.isCausal ? $0.upperBound : shape.length,
        sharedKeys: shape.isCausal ? $0.lowerBound + 1 : shape.length, ahead: 0..<0)
    }
    // As many as the panel takes of the time.
    let work = panels.reduce(0) { $0 + $1.keys }
    var done = 0
    for index in panels.indices {
      let first = shape.length * done / work
      done += panels[index].keys
      panels[index].ahead = first..<shape.length * done / work
    }
    self.panels = panels
  }

  /// The number of heads of all sequences.
  var count: Int { shape.batch * shape.heads }

  /// The work of all, in simple operations.
  var work: Int { count * shape.length * shape.length * (shape.width / 4 + 8) }

  /// Floats of transposed queries, and of scores.
  private var packedFloats: Int { shape.width * matrix.panelColumns }
  private var scoreFloats: Int { shape.length * matrix.panelColumns }

  /// Floats of scratch memory of a thread.
  var forwardScratchCount: Int { packedFloats + scoreFloats }
  var backwardScratchCount: Int { 2 * (packedFloats + scoreFloats) }

  /// Floats between the positions of a sequence, before and after.
  private var packedStride: Int { 3 * shape.heads * shape.width }
  private var resultStride: Int { shape.heads * shape.width }

  private func packedOffset(_ head: Int) -> Int {
    head / shape.heads * shape.length * packedStride + head % shape.heads * shape.width
  }

  private func resultOffset(_ head: Int) -> Int {
    head / shape.heads * shape.length * resultStride + head % shape.heads * shape.width
  }

  // MARK: - Products

  /// Two things to be fetched while a product is computed.
  private typealias Ahead = (first: LinesAhead?, second: LinesAhead?)

  /// Some rows of what the next head reads, if there is one.
  private func lines(_ rows: UnsafePointer<Float>?, stride: Int, _ positions: Range<Int>) -> LinesAhead? {
    guard let rows, !positions.isEmpty else { return nil }
    return LinesAhead(
      rows + positions.lowerBound * stride, rows: positions.count, rowStride: stride, floats: shape.width)
  }

  private func multiply(_ block: MatrixBlock, _ ahead: Ahead) {
    var block = block
    (block.leftAhead, block.rightAhead) = ahead
    matrix.multiply(block)
  }

  /// `scores = rows · columnsᵀ`, where the columns are a panel's queries or what came back to them.
  private func scores(
    _ panel: Panel, _ rows: UnsafePointer<Float>, stride: Int, _ columns: UnsafePointer<Float>, columnStride: Int,
    _ packed: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ ahead: Ahead
  ) {
    let width = matrix.panelColumns
    matrix.pack(
      MatrixPanels(
        source: columns + panel.first * columnStride, minorStride: columnStride, depthStride: 1, count: panel.queries,
        depth: shape.width, destination: packed, panelStride: packedFloats, width: width))
    // A panel is filled up with zeros, so that it is multiplied as a whole.
    multiply(
      MatrixBlock(
        a: rows, aTileStride: matrix.tileRows * stride, aRowStride: stride, aDepthStride: 1,
        b: packed, bPanelStride: packedFloats, bDepthStride: width,
        c: scores, cRowStride: width, rows: panel.keys, columns: width, depth: shape.width, accumulates: false), ahead)
  }

  /// `target = scoresᵀ · values`, a row for every query of a panel.
  private func combine(
    _ panel: Panel, _ scores: UnsafePointer<Float>, _ values: UnsafePointer<Float>, stride: Int,
    _ target: UnsafeMutablePointer<Float>, targetStride: Int, _ ahead: Ahead
  ) {
    multiply(
      MatrixBlock(
        a: scores, aTileStride: matrix.tileRows, aRowStride: 1, aDepthStride: matrix.panelColumns,
        b: values, bPanelStride: matrix.panelColumns, bDepthStride: stride,
        c: target + panel.first * targetStride, cRowStride: targetStride, rows: panel.queries, columns: shape.width,
        depth: panel.keys, accumulates: false, fetchesOutput: true), ahead)
  }

  /// `target += scores · queries`, a row for every key; the last panel comes first and begins the sums.
  private func scatter(
    _ panel: Panel, _ scores: UnsafePointer<Float>, _ queries: UnsafePointer<Float>, stride: Int,
    _ target: UnsafeMutablePointer<Float>, _ ahead: Ahead
  ) {
    let width = matrix.panelColumns
    multiply(
      MatrixBlock(
        a: scores, aTileStride: matrix.tileRows * width, aRowStride: width, aDepthStride: 1,
        b: queries + panel.first * stride, bPanelStride: width, bDepthStride: stride,
        c: target, cRowStride: packedStride, rows: panel.keys, columns: shape.width, depth: panel.queries,
        accumulates: panel.first + panel.queries < shape.length, fetchesOutput: true), ahead)
  }

  private func kernelPanel(_ panel: Panel, _ scores: UnsafeMutablePointer<Float>) -> AttentionPanel {
    AttentionPanel(scores: scores, keys: panel.keys, sharedKeys: panel.sharedKeys, scale: Float(shape.scale))
  }

  // MARK: - One head

  func forward(
    _ head: Int, _ packed: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let queries = packed + packedOffset(head)
    let (keys, values) = (queries + resultStride, queries + 2 * resultStride)
    let weights = scratch + packedFloats
    let next = head + 1 < count ? packed + packedOffset(head + 1) : nil
    func ahead(_ operand: Int, _ positions: Range<Int>) -> LinesAhead? {
      lines(next.map { $0 + operand * resultStride }, stride: packedStride, positions)
    }
    for panel in panels {
      let middle = (panel.ahead.lowerBound + panel.ahead.upperBound) / 2
      scores(
        panel, keys, stride: packedStride, queries, columnStride: packedStride, scratch, weights,
        (ahead(1, panel.ahead), ahead(0, panel.ahead.lowerBound..<middle)))
      images.attentionWeights(kernelPanel(panel, weights))
      combine(
        panel, weights, values, stride: packedStride, output + resultOffset(head), targetStride: resultStride,
        (ahead(2, panel.ahead), ahead(0, middle..<panel.ahead.upperBound)))
    }
  }

  /// What the gradient is computed from, and where it goes.
  struct BackwardOperands {
    var packed: UnsafePointer<Float>
    var upstream: UnsafePointer<Float>
    var output: UnsafeMutablePointer<Float>
  }

  func backward(_ head: Int, _ o: BackwardOperands, _ scratch: UnsafeMutablePointer<Float>) {
    let queries = o.packed + packedOffset(head)
    let (keys, values) = (queries + resultStride, queries + 2 * resultStride)
    let upstream = o.upstream + resultOffset(head)
    let target = o.output + packedOffset(head)
    let weights = scratch + 2 * packedFloats
    let gradients = weights + scoreFloats
    let next = head + 1 < count ? o.packed + packedOffset(head + 1) : nil
    let nextUpstream = head + 1 < count ? o.upstream + resultOffset(head + 1) : nil
    for panel in panels.reversed() {
      func ahead(_ operand: Int) -> Ahead {
        (lines(next.map { $0 + operand * resultStride }, stride: packedStride, panel.ahead), nil)
      }
      scores(
        panel, keys, stride: packedStride, queries, columnStride: packedStride, scratch, weights, ahead(0))
      scores(
        panel, values, stride: packedStride, upstream, columnStride: resultStride, scratch + packedFloats, gradients,
        ahead(1))
      images.attentionGradients(kernelPanel(panel, weights), gradients)
      scatter(panel, weights, upstream, stride: resultStride, target + 2 * resultStride, ahead(2))
      combine(
        panel, gradients, keys, stride: packedStride, target, targetStride: packedStride,
        (lines(nextUpstream, stride: resultStride, panel.ahead), nil))
      scatter(panel, gradients, queries, stride: packedStride, target + resultStride, (nil, nil))
    }
  }
}
