import Foundation

/// Builds the text of an SVG file. Numbers are written with at most two decimals, so the same chart gives the same
/// bytes.
struct SVGText {
  private(set) var text = ""
  private var depth = 0

  /// Appends an element without contents.
  mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>) {
    line("<\(name)\(SVGText.written(attributes))/>")
  }

  /// Appends an element without contents whose attributes come from a list.
  mutating func element(_ name: String, pairs attributes: [(key: String, value: String)]) {
    line("<\(name)\(SVGText.written(attributes))/>")
  }

  /// A part of a text that is moved down by `shift` and has a size of its own.
  struct Span {
    let text: String
    let shift: Double
    let size: Double?
  }

  /// Appends an element around parts of a text.
  mutating func element(_ name: String, pairs attributes: [(key: String, value: String)], spans: [Span]) {
    let contents = spans.map { span in
      guard span.shift != 0 || span.size != nil else { return SVGText.escaped(span.text) }
      var pairs = [(key: "dy", value: SVGText.number(span.shift))]
      if let size = span.size { pairs.append(("font-size", SVGText.number(size))) }
      return "<tspan\(SVGText.written(pairs))>\(SVGText.escaped(span.text))</tspan>"
    }
    line("<\(name)\(SVGText.written(attributes))>\(contents.joined())</\(name)>")
  }

  /// Appends an element around text.
  mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String>, text: String) {
    line("<\(name)\(SVGText.written(attributes))>\(SVGText.escaped(text))</\(name)>")
  }

  /// Appends an element around what `body` appends.
  mutating func group(
    _ name: String, _ attributes: KeyValuePairs<String, String>, _ body: (inout SVGText) -> Void
  ) {
    openGroup(name, attributes)
    body(&self)
    closeGroup(name)
  }

  /// Begins an element around what is appended from now on.
  mutating func openGroup(_ name: String, _ attributes: KeyValuePairs<String, String>) {
    line("<\(name)\(SVGText.written(attributes))>")
    depth += 1
  }

  /// Ends the element begun last.
  mutating func closeGroup(_ name: String) {
    depth -= 1
    line("</\(name)>")
  }

  private mutating func line(_ content: String) { text += String(repeating: " ", count: depth) + content + "\n" }

  private static func written(_ attributes: some Sequence<(key: String, value: String)>) -> String {
    attributes.map { " \($0)=\"\(escaped($1))\"" }.joined()
  }

  /// Text with the characters replaced that mean something in XML, and those removed that may not stand in it.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A coordinate with at most two decimals.
  static func number(_ value: Double) -> String {
    let hundredths = Int((min(max(value, -1e6), 1e6) * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}
