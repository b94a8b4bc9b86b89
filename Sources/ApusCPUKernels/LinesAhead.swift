/// Part of a matrix that is fetched while something else is computed, line of memory by line.
///
/// Fetching much at once would keep the loads of that computation waiting: a core has some ten to sixteen lines on their way
/// at a time.
package struct LinesAhead {
  /// In the line that is fetched next.
  package var next: UnsafePointer<Float>
  /// The lines of its row that follow it.
  package var following: Int
  /// The rows left, its own included; none, or fewer, once all were fetched.
  package var rows: Int
  /// The lines that follow the first one of a row.
  package let perRow: Int
  /// The floats from one line to the next, and from the last one of a row to the first one of the next row.
  package let step = 16
  package let jump: Int

  /// Rows of so many floats, the first of which may lie anywhere within a line.
  package init(_ start: UnsafePointer<Float>, rows: Int, rowStride: Int, floats: Int) {
    next = start
    // Where all rows begin at the same place of a line it is known how many they take, else it may be one more.
    let place = rowStride % step == 0 ? Int(bitPattern: start) / 4 % step : step - 1
    perRow = (place + floats - 1) / step
    following = perRow
    self.rows = rows
    jump = rowStride - perRow * step
  }

  /// Nothing.
  package static func nothing(_ anywhere: UnsafePointer<Float>) -> LinesAhead {
    LinesAhead(anywhere, rows: 0, rowStride: 0, floats: 0)
  }
}
