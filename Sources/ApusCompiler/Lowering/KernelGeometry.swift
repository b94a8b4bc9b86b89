import ApusGraph

// What kernels are told of shapes and layouts: axes that lie one behind the other are joined, and each operand has a stride for
// each axis that is left.

extension Layout {
  /// Rows and columns, the axes before `split` joined to rows and the others to columns; nil where a single stride does
  /// not describe each.
  func matrix(splitAt split: Int) -> MatrixProductKernel.Matrix? {
    let rows = Layout.collapsed(extents: Array(extents[..<split]), strides: [Array(strides[..<split])])
    let columns = Layout.collapsed(extents: Array(extents[split...]), strides: [Array(strides[split...])])
    guard rows.extents.count == 1, columns.extents.count == 1 else { return nil }
    return .init(rowStride: rows.strides[0][0], columnStride: columns.strides[0][0], batchStrides: [])
  }

  /// Images `[N, C, H, W]` with a single stride over the pixels, or nil where there is none.
  var images: ConvolutionKernel.Extra? {
    guard extents.count == 4 else { return nil }
    let pixels = Layout.collapsed(extents: Array(extents[2...]), strides: [Array(strides[2...])])
    guard pixels.extents.count == 1 else { return nil }
    return .init(imageStride: strides[0], channelStride: strides[1], pixelStride: pixels.strides[0][0])
  }
}

extension PointwiseKernel {
  init(_ chain: Computation.Chain, output: Layout) {
    self.init(Computation.JointChain(expressions: [chain.expression], operands: chain.operands), output: output)
  }

  init(_ chains: Computation.JointChain, output: Layout) {
    let (extents, strides) = Layout.collapsed(
      extents: output.extents, strides: [output.strides] + chains.operands.map(\.layout.strides))
    self.init(
      expressions: chains.expressions, extents: extents, inputStrides: Array(strides.dropFirst()),
      outputStrides: strides[0])
  }
}

extension ReductionKernel {
  init(_ kind: Reduction.Kind, _ axes: [Int], _ group: SiblingReductions.Group) {
    let extents = group.operands.first?.layout.extents ?? []
    let keptAxes = extents.indices.filter { !axes.contains($0) }
    func part(_ axes: [Int]) -> (extents: [Int], strides: [[Int]]) {
      Layout.collapsed(
        extents: axes.map { extents[$0] },
        strides: group.operands.map { operand in axes.map { operand.layout.strides[$0] } })
    }
    let kept = part(keptAxes)
    let reduced = part(axes)
    self.init(
      kind: kind, prologues: group.prologues, kept: kept.extents, reduced: reduced.extents,
      keptStrides: kept.strides, reducedStrides: reduced.strides)
  }
}

extension MatrixProductKernel {
  init(_ left: Layout, _ right: Layout, _ epilogue: Computation.Chain?, _ shape: Shape) {
    let rank = shape.rank
    let output = Layout(contiguous: shape)
    let others = [output] + (epilogue?.operands.map(\.layout) ?? [])
    // Batch axes over which the right operand is constant and the rows of everything else run on are rows.
    let rows = Layout.collapsed(
      extents: Array(shape.dimensions[..<(rank - 1)]),
      strides: [left.strides.dropLast()].map(Array.init) + others.map { Array($0.strides.dropLast()) })
    let rightBatch = right.strides[..<(rank - 2)]
    let joinsBatch =
      rank > 2 && rows.extents.count == 1
      && zip(rightBatch, shape.dimensions).allSatisfy { $0.0 == 0 || $0.1 == 1 }
    let batchExtents = joinsBatch || rank == 2 ? [] : Array(shape.dimensions[..<(rank - 2)])
    let layouts = [left, right] + others
    let batch =
      batchExtents.isEmpty
      ? (extents: [Int](), strides: layouts.map { _ in [Int]() })
      : Layout.collapsed(extents: batchExtents, strides: layouts.map { Array($0.strides[..<(rank - 2)]) })
    func matrix(_ position: Int) -> Matrix {
      let strides = layouts[position].strides
      var rowStride = strides[rank - 2]
      if joinsBatch {
        // The joined rows' stride; the right operand's rows are the inner axis and stay.
        if position == 0 { rowStride = rows.strides[0][0] }
        if position >= 2 { rowStride = rows.strides[position - 1][0] }
      }
      return .init(
        rowStride: rowStride, columnStride: strides[rank - 1],
        batchStrides: batch.extents == [1] ? [] : batch.strides[position])
    }
    self.init(
      m: joinsBatch ? rows.extents[0] : shape[-2], n: shape[-1], k: left.extents[rank - 1],
      batch: batch.extents == [1] ? [] : batch.extents, left: matrix(0), right: matrix(1), output: matrix(2),
      epilogue: epilogue?.expression, extras: others.indices.dropFirst().map { matrix($0 + 2) })
  }
}
