extension JSONValue {
  /// Reads one JSON text, strictly by RFC 8259: no comments, no trailing commas, no repeated keys.
  ///
  /// - Parameters:
  ///   - bytes: the whole text, UTF-8; white space may surround the value.
  ///   - path: the file that errors name.
  ///   - place: turns an offset within `bytes` into the place that errors name; by default that offset.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, path: String, place: (Int) -> FileError.Place = { .byte($0) }
  ) throws(FileError) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    do throws(JSONParser.Failure) {
      return try parser.parseText()
    } catch {
      throw FileError(path, at: place(error.offset), "not valid JSON: \(error.cause)")
    }
  }
}

/// A recursive-descent reader over UTF-8 bytes.
private struct JSONParser {
  struct Failure: Error {
    let offset: Int
    let cause: String
  }

  let bytes: UnsafeRawBufferPointer
  var position = 0
  var depth = 0
  static let maximumDepth = 256

  mutating func parseText() throws(Failure) -> JSONValue {
    let value = try parseValue()
    skipSpace()
    guard position == bytes.count else { throw failure("something follows the value") }
    return value
  }

  private func failure(_ cause: String) -> Failure { Failure(offset: position, cause: cause) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func accept(_ character: Character) -> Bool {
    guard next == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(Failure) {
    skipSpace()
    guard accept(character) else { throw failure("\"\(character)\" expected") }
  }

  private mutating func parseValue() throws(Failure) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try parseObject())
    case UInt8(ascii: "["): return .array(try parseArray())
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte:
      return try parseNumber()
    case nil: throw failure("the text ends where a value should be")
    default: throw failure("a value expected")
    }
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard next == word.utf8Start[index] else { throw failure("\"\(word)\" expected") }
      position += 1
    }
    return value
  }

  private mutating func enter() throws(Failure) {
    depth += 1
    position += 1
    guard depth <= JSONParser.maximumDepth else { throw failure("nested too deeply") }
  }

  private mutating func parseObject() throws(Failure) -> JSONObject {
    try enter()
    defer { depth -= 1 }
    var object = JSONObject()
    skipSpace()
    if accept("}") { return object }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a key expected") }
      let keyPosition = position
      let key = try parseString()
      guard object[key] == nil else {
        throw Failure(offset: keyPosition, cause: "the key \"\(key)\" stands there twice")
      }
      try expect(":")
      object[key] = try parseValue()
      skipSpace()
      if accept("}") { return object }
      try expect(",")
    }
  }

  private mutating func parseArray() throws(Failure) -> [JSONValue] {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    skipSpace()
    if accept("]") { return elements }
    while true {
      elements.append(try parseValue())
      skipSpace()
      if accept("]") { return elements }
      try expect(",")
    }
  }

  private mutating func skipDigits() throws(Failure) {
    let start = position
    while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
    guard position > start else { throw failure("a digit expected") }
  }

  private mutating func parseNumber() throws(Failure) -> JSONValue {
    let start = position
    _ = accept("-")
    if !accept("0") { try skipDigits() }
    var isInteger = true
    if accept(".") {
      isInteger = false
      try skipDigits()
    }
    if accept("e") || accept("E") {
      isInteger = false
      if !accept("+") { _ = accept("-") }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw Failure(offset: start, cause: "the number \(text) is too large")
    }
    return .number(value)
  }

  private mutating func parseString() throws(Failure) -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    while true {
      guard let byte = next else { throw Failure(offset: start, cause: "the string does not end") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Failure(offset: start, cause: "the string is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: try parseEscape().utf8)
      case 0..<0x20: throw failure("a control character in a string")
      default: text.append(byte)
      }
    }
  }

  private mutating func parseEscape() throws(Failure) -> String {
    guard let byte = next else { throw failure("the string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default: throw failure("an unknown escape")
    }
  }

  private mutating func parseUnicodeEscape() throws(Failure) -> String {
    var units = [try parseHexadecimal()]
    if UTF16.isLeadSurrogate(units[0]) {
      guard accept("\\"), accept("u") else { throw failure("half a surrogate pair") }
      units.append(try parseHexadecimal())
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw failure("half a surrogate pair") }
    return text
  }

  private mutating func parseHexadecimal() throws(Failure) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("four hexadecimal digits expected")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
