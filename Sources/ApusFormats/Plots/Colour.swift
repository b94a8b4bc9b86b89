import Foundation

/// A colour as screens mix it: red, green and blue from 0 to 255, and how much of the ground it covers.
package struct Colour: Hashable, Sendable {
  package var red: Double
  package var green: Double
  package var blue: Double
  /// 1 covers the ground, 0 leaves it as it is.
  package var opacity: Double

  package init(_ red: Double, _ green: Double, _ blue: Double, opacity: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.opacity = opacity
  }

  /// A grey.
  package static func grey(_ level: Double) -> Colour { Colour(level, level, level) }

  package static let white = grey(255)
  /// The colour of text.
  package static let ink = grey(34)

  /// The same colour, more or less of it.
  package func withOpacity(_ opacity: Double) -> Colour { Colour(red, green, blue, opacity: opacity) }

  /// The colour without its opacity, as SVG has it: `#0072b2`.
  package var hexadecimal: String {
    let bytes = [red, green, blue].map { Int(min(max($0, 0), 255).rounded()) }
    return String(format: "#%02x%02x%02x", bytes[0], bytes[1], bytes[2])
  }

  /// How light it looks, 0 to 255, by ITU-R BT.601's weights.
  package var lightness: Double { 0.299 * red + 0.587 * green + 0.114 * blue }
}
