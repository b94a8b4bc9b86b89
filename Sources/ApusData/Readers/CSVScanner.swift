import ApusFormats

/// Cuts a CSV text into records and fields by RFC 4180: quoted fields may hold separators, line ends and doubled
/// quotes; lines end in LF, CR LF or CR; empty lines are passed over.
struct CSVScanner {
  /// A field's bytes within the text, without its quotes.
  struct Field {
    let range: Range<Int>
    let hasDoubledQuotes: Bool
  }

  /// The fields of the record read last.
  private(set) var fields: [Field] = []
  /// The line on which that record starts, from 1.
  private(set) var line = 1
  private let text: UnsafeRawBufferPointer
  private let path: String
  private let separator: UInt8
  private var position = 0
  private var nextLine = 1

  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// A scanner at the start of `text`; a byte-order mark is passed over.
  init(_ text: UnsafeRawBufferPointer, path: String, separator: UInt8) {
    self.text = text
    self.path = path
    self.separator = separator
    if text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF { position = 3 }
  }

  /// Reads the next record into `fields`; false at the end.
  mutating func next() throws(FileError) -> Bool {
    while position < text.count, takeLineEnd() { nextLine += 1 }
    guard position < text.count else { return false }
    line = nextLine
    fields.removeAll(keepingCapacity: true)
    while true {
      fields.append(try text[position...].first == CSVScanner.quote ? quotedField() : plainField())
      if position == text.count { return true }
      if text[position] == separator {
        position += 1
        continue
      }
      _ = takeLineEnd()
      nextLine += 1
      return true
    }
  }

  /// A field's text, with doubled quotes made single and surrounding spaces removed.
  func string(_ field: Field) -> String {
    let trimmed = trimmed(field)
    let text = String(decoding: text[trimmed], as: UTF8.self)
    return field.hasDoubledQuotes ? text.replacing("\"\"", with: "\"") : text
  }

  /// A field's bytes without surrounding spaces.
  func trimmed(_ field: Field) -> Range<Int> {
    var range = field.range
    while let byte = text[range].first, byte == 0x20 || byte == 0x09 { range.removeFirst() }
    while let byte = text[range].last, byte == 0x20 || byte == 0x09 { range.removeLast() }
    return range
  }

  private mutating func takeLineEnd() -> Bool {
    switch text[position] {
    case CSVScanner.lineFeed: position += 1
    case CSVScanner.carriageReturn:
      position += 1
      if position < text.count, text[position] == CSVScanner.lineFeed { position += 1 }
    default: return false
    }
    return true
  }

  private func isEnd(_ byte: UInt8) -> Bool {
    byte == separator || byte == CSVScanner.lineFeed || byte == CSVScanner.carriageReturn
  }

  private mutating func plainField() -> Field {
    let start = position
    while position < text.count, !isEnd(text[position]) { position += 1 }
    return Field(range: start..<position, hasDoubledQuotes: false)
  }

  private mutating func quotedField() throws(FileError) -> Field {
    let firstLine = nextLine
    position += 1
    let start = position
    var hasDoubledQuotes = false
    while position < text.count {
      switch text[position] {
      case CSVScanner.quote where position + 1 < text.count && text[position + 1] == CSVScanner.quote:
        hasDoubledQuotes = true
        position += 2
      case CSVScanner.quote:
        let field = Field(range: start..<position, hasDoubledQuotes: hasDoubledQuotes)
        position += 1
        guard position == text.count || isEnd(text[position]) else {
          throw FileError(path, at: .line(nextLine), "something follows the closing quote of field \(fields.count + 1)")
        }
        return field
      case CSVScanner.lineFeed:
        nextLine += 1
        position += 1
      default: position += 1
      }
    }
    throw FileError(path, at: .line(firstLine), "the quote that opens field \(fields.count + 1) is never closed")
  }
}
