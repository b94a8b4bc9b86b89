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
  /// Rows of a ring: at least as many as the window has, a power of two.
  package let ringRows: Int
  /// Floats of one phase of a row, and of a row taken apart: whole vectors are read and written everywhere.
  package let phaseCount: Int
  package let rowCount: Int
  /// Floats before the sums of a column of the window, from one column's to the next, and of all columns of a row.
  package let sumLead: Int
  package let sumPitch: Int
  package let sumCount: Int

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
    var ring = 1
    while ring < windowRows { ring *= 2 }
    ringRows = ring
    func rounded(_ count: Int) -> Int { (count + ChainPlan.lanes - 1) / ChainPlan.lanes * ChainPlan.lanes }
    let read = rounded(outputColumns) + (windowColumns - 1) / columnStride
    let written = rounded((columns + columnStride - 1) / columnStride) + ChainPlan.lanes + 2 * columnPadding
    phaseCount = rounded(max(read, written))
    rowCount = phaseCount * columnStride
    sumLead = rounded((windowColumns - 1) / columnStride + 1)
    sumPitch = sumLead + phaseCount + ChainPlan.lanes
    sumCount = sumPitch * windowColumns
  }

  /// The scratch memory of a thread, in floats: rings of elements and of sums, the shares of a mean, two addresses for each
  /// of the window's rows and two distances for each of its columns.
  package var scratchCount: Int {
    ringRows * (rowCount + sumCount) + phaseCount + 4 * (windowRows + windowColumns) + 16
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
