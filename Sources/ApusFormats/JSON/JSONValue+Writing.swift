extension JSONValue {
  /// The value on one line.
  ///
  /// Numbers are written with the fewest digits that read back as the same `Double`. JSON has no words for
  /// numbers that are not finite; they are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`,
  /// which every JSON reader accepts and most languages' number parsers understand.
  public var line: String {
    var text = ""
    append(to: &text, indent: nil)
    return text
  }

  /// The value over several lines, indented by two spaces a level, for people to read.
  public var indented: String {
    var text = ""
    append(to: &text, indent: 0)
    return text
  }

  private func append(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value) where value.isNaN: text += "\"NaN\""
    case .number(let value) where value.isInfinite: text += value < 0 ? "\"-Infinity\"" : "\"Infinity\""
    case .number(let value): text += "\(value)"
    case .string(let value): JSONValue.append(quoted: value, to: &text)
    case .array(let elements):
      JSONValue.append("[", "]", count: elements.count, indent: indent, to: &text) { index, inner, text in
        elements[index].append(to: &text, indent: inner)
      }
    case .object(let members):
      JSONValue.append("{", "}", count: members.keys.count, indent: indent, to: &text) { index, inner, text in
        let key = members.keys[index]
        JSONValue.append(quoted: key, to: &text)
        text += ": "
        (members[key] ?? .null).append(to: &text, indent: inner)
      }
    }
  }

  private static func append(
    _ opening: String, _ closing: String, count: Int, indent: Int?, to text: inout String,
    element: (Int, Int?, inout String) -> Void
  ) {
    let inner = count == 0 ? nil : indent.map { $0 + 1 }
    text += opening
    for index in 0..<count {
      if index > 0 { text += inner == nil ? ", " : "," }
      if let inner { text += "\n" + String(repeating: "  ", count: inner) }
      element(index, inner, &text)
    }
    if let inner { text += "\n" + String(repeating: "  ", count: inner - 1) }
    text += closing
  }

  private static func append(quoted value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
