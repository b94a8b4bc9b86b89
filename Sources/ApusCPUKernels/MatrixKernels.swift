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

  package init(
    tileRows: Int, panelColumns: Int, lanes: Int, multiply: @escaping @Sendable (MatrixBlock) -> Void,
    pack: @escaping @Sendable (MatrixPanels) -> Void
  ) {
    self.tileRows = tileRows
    self.panelColumns = panelColumns
    self.lanes = lanes
    self.multiply = multiply
    self.pack = pack
  }
}
