import Foundation

/// A font of lines: each character is a few strokes of one width with round ends, so that pictures of pixels can be
/// lettered without any font file.
///
/// Advances are those of Helvetica, so a text takes about the same room in a picture as in an SVG file.
package enum StrokeFont {
  /// A character's shape, in font sizes, up from the base line.
  struct Glyph: Sendable {
    let advance: Double
    let strokes: [[SIMD2<Double>]]
  }

  /// The width of strokes, in font sizes.
  static func weight(isBold: Bool) -> Double { isBold ? 0.118 : 0.082 }

  static func advance(of character: Character) -> Double { glyph(character).advance }

  /// A character's shape. An accented letter that has none gets its letter's, anything else a box.
  static func glyph(_ character: Character) -> Glyph {
    if let glyph = glyphs[character] { return glyph }
    let base = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first.map(Character.init)
    return base.flatMap { glyphs[$0] } ?? missing
  }

  private static let missing = parsed(60, "M 10 4 L 50 4 L 50 68 L 10 68 L 10 4")

  private static let glyphs: [Character: Glyph] = {
    var table: [Character: Glyph] = [:]
    for (character, advance, shape) in latinGlyphs + symbolGlyphs { table[character] = parsed(advance, shape) }
    for (character, twin) in twins { table[character] = table[twin] }
    return table
  }()

  /// Reads a shape: `M x y` begins a stroke, `L x y` goes straight, `C x y x y x y` is a cubic curve, `A x y rx ry from
  /// to` an elliptic arc in degrees counterclockwise, which continues a stroke or begins one, `O x y rx ry` an ellipse.
  private static func parsed(_ advance: Double, _ shape: String) -> Glyph {
    var strokes: [[SIMD2<Double>]] = []
    var continues = false
    func extend(_ points: [SIMD2<Double>]) {
      if !continues { strokes.append([]) }
      strokes[strokes.count - 1] += points
      continues = true
    }
    func arc(_ n: [Double], from: Double, to: Double) -> [SIMD2<Double>] {
      let count = max(Int((abs(to - from) / 12).rounded(.up)), 1)
      return (0...count).map { index in
        let angle = (from + (to - from) * Double(index) / Double(count)) * .pi / 180
        return SIMD2(n[0] + n[2] * cos(angle), n[1] + n[3] * sin(angle)) / 100
      }
    }
    let words = shape.split(separator: " ")
    var position = 0
    func numbers(_ count: Int) -> [Double] {
      let values = words.dropFirst(position).prefix(count).map { Double($0) ?? 0 }
      position += count
      return values + Array(repeating: 0, count: count - values.count)
    }
    while position < words.count {
      let command = words[position]
      position += 1
      switch command {
      case "M":
        let n = numbers(2)
        continues = false
        extend([SIMD2(n[0], n[1]) / 100])
      case "L":
        let n = numbers(2)
        extend([SIMD2(n[0], n[1]) / 100])
      case "C":
        let n = numbers(6)
        guard let start = strokes.last?.last else { continue }
        let (a, b, end) = (SIMD2(n[0], n[1]) / 100, SIMD2(n[2], n[3]) / 100, SIMD2(n[4], n[5]) / 100)
        extend(
          (1...10).map { index -> SIMD2<Double> in
            let t = Double(index) / 10
            let s = 1 - t
            let outer = start * (s * s * s) + end * (t * t * t)
            return outer + a * (3 * s * s * t) + b * (3 * s * t * t)
          })
      case "A":
        let n = numbers(6)
        extend(arc(n, from: n[4], to: n[5]))
      default:
        continues = false
        extend(arc(numbers(4), from: 0, to: 360))
        continues = false
      }
    }
    return Glyph(advance: advance / 100, strokes: strokes)
  }
}
