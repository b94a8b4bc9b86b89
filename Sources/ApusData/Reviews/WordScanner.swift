/// Cuts a text into words: runs of letters, digits and inner apostrophes, in lower case.
///
/// HTML line breaks stand between words, whatever their spelling: `<br />`, `<br/>`, `<BR>`.
enum WordScanner {
  /// Calls `body` with each word of a text in UTF-8; bytes that are not UTF-8 stand between words.
  static func forEachWord(in text: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    var word: [UInt8] = []
    var position = 0
    func finish() {
      while word.last == apostrophe { word.removeLast() }
      if !word.isEmpty { body(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    while position < text.count {
      let byte = text[position]
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        word.append(byte)
        position += 1
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        word.append(byte | 0x20)
        position += 1
      case apostrophe:
        if !word.isEmpty { word.append(byte) }
        position += 1
      case UInt8(ascii: "<"):
        finish()
        position += lineBreakLength(text, at: position) ?? 1
      case 0x80...:
        let (scalar, length) = decode(text, at: position)
        if let scalar, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
          word += scalar.properties.lowercaseMapping.utf8
        } else {
          finish()
        }
        position += length
      default:
        finish()
        position += 1
      }
    }
    finish()
  }

  private static let apostrophe = UInt8(ascii: "'")

  /// The length of the line break that begins at a `<`; nil where none does.
  private static func lineBreakLength(_ text: UnsafeRawBufferPointer, at start: Int) -> Int? {
    guard start + 3 < text.count, text[start + 1] | 0x20 == UInt8(ascii: "b"),
      text[start + 2] | 0x20 == UInt8(ascii: "r")
    else { return nil }
    var end = start + 3
    while end < text.count, text[end] == UInt8(ascii: " ") || text[end] == UInt8(ascii: "/") { end += 1 }
    return end < text.count && text[end] == UInt8(ascii: ">") ? end + 1 - start : nil
  }

  /// The scalar that begins at a byte of 0x80 or above, nil where none does, and its length in bytes.
  private static func decode(_ text: UnsafeRawBufferPointer, at start: Int) -> (Unicode.Scalar?, Int) {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = text[start..<min(start + 4, text.count)].makeIterator()
    guard case .valid(let encoded) = parser.parseScalar(from: &rest) else { return (nil, 1) }
    return (Unicode.UTF8.decode(encoded), encoded.count)
  }
}
