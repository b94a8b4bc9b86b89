/// The parts of a matrix product that depend on the instruction set.
package struct MatrixKernels: Sendable {
  /// The rows of a full register tile: A is read in tiles of this many rows.
  package let tileRows: Int

  /// The columns of a panel of B.
  package let panelColumns: Int

  /// The columns of a vector: the last panel may be this narrow and still be read in place.
  package let lanes: Int

  /// Multiplies one block.
  package let multiply: @Sendable (_ block: MatrixBlock) -> Void

  /// Packs panels of B or tiles of A.
  package let pack: @Sendable (_ panels: MatrixPanels) -> Void

  /// Adds up partial products in order.
  package let combine: @Sendable (_ partials: MatrixPartials) -> Void

  package init(
    tileRows: Int, panelColumns: Int, lanes: Int, multiply: @escaping @Sendable (MatrixBlock) -> Void,
    pack: @escaping @Sendable (MatrixPanels) -> Void, combine: @escaping @Sendable (MatrixPartials) -> Void
  ) {
    self.tileRows = tileRows
    self.panelColumns = panelColumns
    self.lanes = lanes
    self.multiply = multiply
    self.pack = pack
    self.combine = combine
  }
}

/// Partial products of one result, each contiguous and in full, and where their sum goes.
package struct MatrixPartials {
  package var partials: UnsafePointer<Float>
  /// How many there are, and the floats from one to the next.
  package var count: Int
  package var stride: Int
  /// The floats from one row to the next, of the partial products and of the result.
  package var rowStride: Int
  package var c: UnsafeMutablePointer<Float>
  package var cRowStride: Int
  package var rows: Int
  package var columns: Int
  /// Whether the sum is added to what C holds.
  package var accumulates: Bool

  package init(
    partials: UnsafePointer<Float>, count: Int, stride: Int, rowStride: Int, c: UnsafeMutablePointer<Float>,
    cRowStride: Int, rows: Int, columns: Int, accumulates: Bool
  ) {
    self.partials = partials
    self.count = count
    self.stride = stride
    self.rowStride = rowStride
    self.c = c
    self.cRowStride = cRowStride
    self.rows = rows
    self.columns = columns
    self.accumulates = accumulates
  }
}
