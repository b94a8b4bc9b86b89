/// The extents and strides of a matrix product `C = A · B`, or of many of one shape. Strides count floats.
package struct MatrixShape: Sendable, Hashable {
  /// Where a matrix's elements lie.
  package struct Layout: Sendable, Hashable {
    package var rowStride: Int
    package var columnStride: Int
    /// The stride along each batch axis.
    package var batchStrides: [Int]

    package init(rowStride: Int, columnStride: Int, batchStrides: [Int] = []) {
      self.rowStride = rowStride
      self.columnStride = columnStride
      self.batchStrides = batchStrides
    }
  }

  /// Rows of C.
  package var m: Int
  /// Columns of C.
  package var n: Int
  /// The inner extent.
  package var k: Int
  /// The batch axes' extents, outermost first; empty for one product.
  package var batch: [Int]
  /// The `m × k` operand.
  package var left: Layout
  /// The `k × n` operand.
  package var right: Layout
  /// The result; its column stride is 1.
  package var output: Layout

  package init(m: Int, n: Int, k: Int, batch: [Int] = [], left: Layout, right: Layout, output: Layout) {
    self.m = m
    self.n = n
    self.k = k
    self.batch = batch
    self.left = left
    self.right = right
    self.output = output
  }

  /// The number of products.
  var batchCount: Int { batch.reduce(1, *) }

  /// The same products transposed, `Cᵀ = Bᵀ · Aᵀ`; only where C is a single row or contiguous column.
  var transposed: MatrixShape {
    func turned(_ layout: Layout) -> Layout {
      Layout(rowStride: layout.columnStride, columnStride: layout.rowStride, batchStrides: layout.batchStrides)
    }
    return MatrixShape(
      m: n, n: m, k: k, batch: batch, left: turned(right), right: turned(left),
      output: Layout(rowStride: n == 1 ? m : 1, columnStride: 1, batchStrides: output.batchStrides))
  }

  /// The distance of a batch entry from the first along an operand.
  func offset(of entry: Int, _ layout: Layout) -> Int {
    var rest = entry
    var offset = 0
    for (extent, stride) in zip(batch, layout.batchStrides).reversed() {
      offset += rest % extent * stride
      rest /= extent
    }
    return offset
  }
}
