/// A pooling over contiguous planes, and its gradient.
///
/// Rows of the input are taken apart by the window's column stride: phase f holds the columns f, f + stride, … of the padded
/// row, so that neighbouring positions of the window read neighbouring floats.
package struct PoolPlan: Sendable {
  /// Whether the largest element is wanted, or the mean.
  package var isMaximum: Bool
  /// Whether the mean counts padding.
  package var countsPadding: Bool
  /// Rows and columns of a plane of the input and of the output.
  package var rows: Int
  package var columns: Int
  package var outputRows: Int
  package var outputColumns: Int
  /// The window's rows and columns, and how it moves.
  package var windowRows: Int
  package var windowColumns: Int
  package var rowStride: Int
  package var columnStride: Int
  package var rowPadding: Int
  package var columnPadding: Int
  /// Floats of one phase of a row: every position's reads and writes by whole vectors fit.
  package let phaseCount: Int
  /// Floats of a row taken apart.
  package let rowCount: Int

  package init(
    isMaximum: Bool, countsPadding: Bool, rows: Int, columns: Int, outputRows: Int, outputColumns: Int,
    windowRows: Int, windowColumns: Int, rowStride: Int, columnStride: Int, rowPadding: Int, columnPadding: Int
  ) {
    self.isMaximum = isMaximum
    self.countsPadding = countsPadding
    self.rows = rows
    self.columns = columns
    self.outputRows = outputRows
    self.outputColumns = outputColumns
    self.windowRows = windowRows
    self.windowColumns = windowColumns
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.rowPadding = rowPadding
    self.columnPadding = columnPadding
    let reach = (columns + 2 * columnPadding + windowColumns + columnStride) / columnStride
    phaseCount = (max(reach, outputColumns) + 3 * 16 + 15) / 16 * 16
    rowCount = phaseCount * columnStride
  }

  /// The scratch memory of a thread, in floats: as many rows of elements and of sums as the window has, the shares of
  /// a mean, a vector, and two addresses for each of the window's rows and one for each of its columns.
  package var scratchCount: Int {
    2 * windowRows * rowCount + phaseCount + 16 + 2 * (2 * windowRows + windowColumns + 16)
  }
}

/// The operands of a pooling or its gradient.
package struct PoolOperands {
  /// The planes before pooling; unused by the gradient of a mean.
  package var input: UnsafePointer<Float>
  /// The planes after pooling, or their gradient.
  package var output: UnsafeMutablePointer<Float>
  /// The gradient of the planes before pooling.
  package var gradient: UnsafeMutablePointer<Float>

  package init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>
  ) {
    self.input = input
    self.output = output
    self.gradient = gradient
  }
}
