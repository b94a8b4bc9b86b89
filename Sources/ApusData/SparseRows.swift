/// Rows of which only the entries that are not 0 are stored, one row after another ("compressed sparse rows").
///
/// Row `r` owns the places `rowStarts[r] ..< rowStarts[r + 1]` of `columns` and `values`; its columns ascend.
public struct SparseRows: Hashable, Sendable {
  /// The number of columns, stored or not.
  public let columnCount: Int
  /// Where each row begins, and at the end where the last one ends: `count + 1` numbers that ascend from 0.
  public let rowStarts: [Int32]
  /// The column of each stored entry.
  public let columns: [Int32]
  /// The value of each stored entry.
  public let values: [Float]
  /// The number of entries of the row that has most.
  public let longestRow: Int

  /// Rows that are already laid out; nil where the arrays do not describe rows of `columnCount` columns.
  public init?(columnCount: Int, rowStarts: [Int32], columns: [Int32], values: [Float]) {
    guard columnCount >= 1, rowStarts.first == 0, rowStarts.last.map(Int.init) == columns.count,
      columns.count == values.count
    else { return nil }
    var longestRow = 0
    for row in 0..<rowStarts.count - 1 {
      let (start, end) = (Int(rowStarts[row]), Int(rowStarts[row + 1]))
      guard start <= end, end <= columns.count else { return nil }
      var previous: Int32 = -1
      for place in start..<end {
        guard columns[place] > previous, columns[place] < columnCount else { return nil }
        previous = columns[place]
      }
      longestRow = max(longestRow, end - start)
    }
    self.init(
      columnCount: columnCount, rowStarts: rowStarts, columns: columns, values: values, longestRow: longestRow)
  }

  private init(columnCount: Int, rowStarts: [Int32], columns: [Int32], values: [Float], longestRow: Int) {
    self.columnCount = columnCount
    self.rowStarts = rowStarts
    self.columns = columns
    self.values = values
    self.longestRow = longestRow
  }

  /// The number of rows.
  public var count: Int { rowStarts.count - 1 }

  /// Where the entries of a row lie in `columns` and `values`.
  public func places(of row: Int) -> Range<Int> { Int(rowStarts[row])..<Int(rowStarts[row + 1]) }

  /// The first rows.
  ///
  /// - Precondition: there are as many.
  func prefix(_ kept: Int) -> SparseRows {
    let end = Int(rowStarts[kept])
    return SparseRows(
      columnCount: columnCount, rowStarts: Array(rowStarts[...kept]), columns: Array(columns[..<end]),
      values: Array(values[..<end]),
      longestRow: (0..<kept).reduce(0) { max($0, places(of: $1).count) })
  }
}
