/// Colours that people with any kind of colour vision tell apart, and, behind the seventh curve, dashes and other
/// markers that tell apart curves of one colour. A look repeats after 28 curves.
///
/// Source: Okabe and Ito, "Color Universal Design", 2008, without its yellow, which is lost on white.
enum ChartPalette {
  /// What a curve's points are marked with.
  enum Marker: Hashable {
    case disc
    case square
    case triangle
    case diamond
  }

  private static let colours = [
    Colour(0, 114, 178), Colour(213, 94, 0), Colour(0, 158, 115), Colour(204, 121, 167), Colour(230, 159, 0),
    Colour(86, 180, 233), Colour(0, 0, 0),
  ]
  private static let dashes: [[Double]] = [[], [6, 2.5], [2, 2], [8, 2.5, 2, 2.5]]
  private static let markers: [Marker] = [.disc, .square, .triangle, .diamond]

  /// Their likes among the 256 colours of terminals, light enough for a dark ground.
  private static let terminalColours = [33, 208, 36, 175, 220, 81, 250]

  static func terminalColour(_ style: Int) -> Int { terminalColours[place(style)] }

  static func colour(_ style: Int) -> Colour { colours[place(style)] }

  /// Lengths of lines and gaps in turn; empty for an unbroken line.
  static func dash(_ style: Int) -> [Double] { dashes[round(style)] }

  static func marker(_ style: Int) -> Marker { markers[round(style)] }

  private static func place(_ style: Int) -> Int { abs(style) % colours.count }

  private static func round(_ style: Int) -> Int { abs(style) / colours.count % dashes.count }
}
