/// How text is set: its parts on the base line, above it and below it, and their widths.
package enum TextMetrics {
  /// Where a part of a text stands.
  package enum Level: Hashable, Sendable {
    case base
    case superscript
    case `subscript`

    /// The height over the base line, in font sizes.
    var rise: Double {
      switch self {
      case .base: 0
      case .superscript: 0.36
      case .subscript: -0.14
      }
    }

    /// The size, in font sizes.
    var scale: Double { self == .base ? 1 : 0.72 }
  }

  /// The height of capital letters, in font sizes.
  package static let capHeight = 0.72

  /// The parts of a text, superscript and subscript characters turned into plain ones on their level, so that every
  /// font can show them.
  package static func runs(_ text: String) -> [(level: Level, text: String)] {
    var runs: [(level: Level, text: String)] = []
    for character in text {
      let (level, plain) = raised[character] ?? (.base, character)
      if let last = runs.last, last.level == level {
        runs[runs.count - 1].text.append(plain)
      } else {
        runs.append((level, String(plain)))
      }
    }
    return runs
  }

  /// About how wide text is in a sans-serif font of size 1.
  package static func width(of text: String, isBold: Bool = false) -> Double {
    runs(text).reduce(0) { width, run in
      width + run.level.scale * run.text.reduce(0) { $0 + StrokeFont.advance(of: $1) }
    } * (isBold ? 1.07 : 1)
  }

  private static let raised: [Character: (Level, Character)] = {
    var table: [Character: (Level, Character)] = [:]
    for (raised, plain) in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵗⁱ", "0123456789+−nti") { table[raised] = (.superscript, plain) }
    for (lowered, plain) in zip("₀₁₂₃₄₅₆₇₈₉₊₋ₙₜᵢ", "0123456789+−nti") { table[lowered] = (.subscript, plain) }
    return table
  }()
}
