/// The number of columns that text takes in a terminal.
///
/// Combining marks and other characters without width take none, East Asian wide characters and emoji take two.
/// Escape sequences are not looked for.
public func displayWidth(of text: String) -> Int {
  text.reduce(0) { $0 + displayWidth(of: $1) }
}

/// The beginning of text that fits into `width` columns, with an ellipsis at its end where something was cut.
public func truncated(_ text: String, toDisplayWidth width: Int) -> String {
  guard displayWidth(of: text) > width else { return text }
  var result = ""
  var used = 1
  for character in text {
    used += displayWidth(of: character)
    if used > width { break }
    result.append(character)
  }
  return width > 0 ? result + "…" : ""
}

private func displayWidth(of character: Character) -> Int {
  guard let scalar = character.unicodeScalars.first else { return 0 }
  if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F ? 0 : 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: break
  }
  if scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
  return wideRanges.contains { $0 ~= scalar.value } ? 2 : 1
}

/// The blocks whose characters Unicode's East Asian Width property calls wide or full-width.
private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F,
  0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
  0x1F900...0x1F9FF, 0x20000...0x3FFFD,
]
