/// A table of text whose columns line up, whatever characters stand in them.
public struct TextTable: Hashable, Sendable {
  /// On which side a column's text stands.
  public enum Alignment: Hashable, Sendable {
    case left
    case right
  }

  /// The columns' headings.
  public let headings: [String]
  private let alignments: [Alignment]
  /// The rows' cells, as many in each as there are columns.
  public private(set) var cells: [[String]] = []

  /// A table of columns without rows.
  public init(columns: [(heading: String, alignment: Alignment)]) {
    headings = columns.map(\.heading)
    alignments = columns.map(\.alignment)
  }

  /// Appends a row; missing cells are empty, surplus ones are left out.
  public mutating func append(_ row: [String]) {
    cells.append((0..<headings.count).map { $0 < row.count ? row[$0] : "" })
  }

  /// The table's lines: headings, a rule, and the rows, two spaces between columns.
  ///
  /// - Parameters:
  ///   - hasUnicode: whether the rule may be drawn with a line character.
  public func lines(hasUnicode: Bool = true) -> [String] {
    let widths = headings.indices.map { column in
      ([headings] + cells).map { displayWidth(of: $0[column]) }.max() ?? 0
    }
    let rule = widths.map { String(repeating: hasUnicode ? "─" : "-", count: $0) }.joined(separator: "  ")
    let body = cells.map { line($0, widths) }
    return [line(headings, widths), rule] + body
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[column] - displayWidth(of: cell))
      if column > 0 { text += "  " }
      let isLast = column == cells.count - 1
      text += alignments[column] == .right ? padding + cell : isLast ? cell : cell + padding
    }
    return text
  }
}
