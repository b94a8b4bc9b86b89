/// One block of a matrix product, for one thread: `C = A · B`, or `C += A · B`.
///
/// A is read as tiles of `tileRows` rows and B as panels of `panelColumns` columns, either from packed copies or
/// from the matrices themselves; the strides say which. All strides count floats. Whole vectors of B are read, so a
/// row of B may be read up to one vector less one float past the last column.
package struct MatrixBlock {
  /// A's element (0, 0) of the block.
  package var a: UnsafePointer<Float>
  /// From one tile of rows to the next.
  package var aTileStride: Int
  /// From one row to the next within a tile.
  package var aRowStride: Int
  /// From one step of the summation to the next.
  package var aDepthStride: Int

  /// B's element (0, 0) of the block; rows of a panel are contiguous.
  package var b: UnsafePointer<Float>
  /// From one panel of columns to the next.
  package var bPanelStride: Int
  /// From one step of the summation to the next.
  package var bDepthStride: Int

  /// C's element (0, 0) of the block; its rows are contiguous.
  package var c: UnsafeMutablePointer<Float>
  /// From one row of C to the next.
  package var cRowStride: Int

  package var rows: Int
  package var columns: Int
  package var depth: Int
  /// Whether the products, and the sums of A's rows, are added to what is there.
  package var accumulates: Bool
  /// Where the sums of A's rows over these steps go, if they are wanted; A's columns are contiguous then.
  package var rowSums: UnsafeMutablePointer<Float>?
  /// Whether C's lines are fetched before they are written: where C was not just written by this thread.
  package var fetchesOutput: Bool
  /// What is read after this block, to be fetched while this one is multiplied: first by the epilogue, then of A, then of B.
  package var epilogueAhead: LinesAhead?
  package var leftAhead: LinesAhead?
  package var rightAhead: LinesAhead?

  package init(
    a: UnsafePointer<Float>, aTileStride: Int, aRowStride: Int, aDepthStride: Int,
    b: UnsafePointer<Float>, bPanelStride: Int, bDepthStride: Int,
    c: UnsafeMutablePointer<Float>, cRowStride: Int,
    rows: Int, columns: Int, depth: Int, accumulates: Bool, fetchesOutput: Bool = false
  ) {
    self.a = a
    self.aTileStride = aTileStride
    self.aRowStride = aRowStride
    self.aDepthStride = aDepthStride
    self.b = b
    self.bPanelStride = bPanelStride
    self.bDepthStride = bDepthStride
    self.c = c
    self.cRowStride = cRowStride
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.accumulates = accumulates
    self.fetchesOutput = fetchesOutput
  }
}
