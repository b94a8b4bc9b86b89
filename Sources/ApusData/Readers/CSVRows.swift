import ApusFormats

/// The rows of a CSV file as they stand there: numbers, and the labels' text.
struct CSVRows {
  /// Which columns hold what.
  struct Layout {
    /// The names of all columns of the file.
    let names: [String]
    /// The columns of the features, in the order wanted.
    let features: [Int]
    /// The column of the labels, where there is one.
    let label: Int?
  }

  private(set) var layout = Layout(names: [], features: [], label: nil)
  /// The features, row after row.
  private(set) var values: [Double] = []
  /// The labels' text; empty without a label column.
  private(set) var labels: [String] = []
  /// The number of rows.
  private(set) var count = 0

  private let path: String

  /// Reads all rows of a file, gzipped or not.
  ///
  /// - Parameters:
  ///   - header: whether the first record holds names.
  ///   - arrange: decides from the columns' names, and whether they stand in the file, which columns hold what.
  init(
    path: String, separator: Character, header: CSVOptions.Header,
    arrange: ([String], Bool) throws(FileError) -> Layout
  ) throws(FileError) {
    self.path = path
    let contents = try ByteReader(path: path).readToEnd()
    let separator = separator.asciiValue ?? UInt8(ascii: ",")
    try contents.withBytes { bytes throws(FileError) in
      var scanner = CSVScanner(bytes, path: path, separator: separator)
      guard try scanner.next() else { throw FileError(path, "holds no rows") }
      let hasHeader =
        switch header {
        case .present: true
        case .absent: false
        case .detected: scanner.fields.allSatisfy { decimalNumber(bytes[scanner.trimmed($0)]) == nil }
        }
      let names =
        hasHeader
        ? scanner.fields.map(scanner.string) : (1...scanner.fields.count).map { "column\($0)" }
      if let repeated = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
        throw FileError(path, at: .line(scanner.line), "two columns are named \"\(names[repeated])\"")
      }
      layout = try arrange(names, hasHeader)
      if !hasHeader { try appendRow(scanner, bytes) }
      while try scanner.next() { try appendRow(scanner, bytes) }
    }
    guard count > 0 else { throw FileError(path, "holds a header and no rows") }
  }

  private mutating func appendRow(_ scanner: CSVScanner, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let fields = scanner.fields
    guard fields.count == layout.names.count else {
      throw FileError(
        path, at: .line(scanner.line), "a ragged row: \(fields.count) fields where \(layout.names.count) are expected")
    }
    for column in layout.features {
      let range = scanner.trimmed(fields[column])
      func failure(_ cause: String, _ remedy: String) -> FileError {
        FileError(path, at: .cell(line: scanner.line, column: layout.names[column]), cause, remedy: remedy)
      }
      guard !range.isEmpty else { throw failure("the field is empty", "every feature needs a value") }
      guard let value = decimalNumber(bytes[range]) else {
        throw failure("\"\(scanner.string(fields[column]))\" is not a number", "every feature must be numeric")
      }
      guard value.isFinite, Float(value).isFinite else {
        throw failure("the value is \(scanner.string(fields[column]))", "every feature must be a finite number")
      }
      values.append(value)
    }
    if let label = layout.label {
      let text = scanner.string(fields[label])
      guard !text.isEmpty else {
        throw FileError(path, at: .cell(line: scanner.line, column: layout.names[label]), "the label is empty")
      }
      labels.append(text)
    }
    count += 1
  }
}
