/// Colours that people with any kind of colour vision tell apart, and dash patterns that tell curves apart in print. A
/// pair repeats after 30 curves.
///
/// Source: Okabe and Ito, "Color Universal Design", 2008, without its yellow, which is lost on white; then the darkest
/// of Tol's muted scheme, "Colour Schemes", SRON 2021.
enum ChartPalette {
  /// Red, green and blue, 0 to 255.
  struct Colour: Hashable {
    let red: Int
    let green: Int
    let blue: Int
  }

  private static let colours = [
    Colour(red: 0, green: 114, blue: 178), Colour(red: 213, green: 94, blue: 0), Colour(red: 0, green: 158, blue: 115),
    Colour(red: 204, green: 121, blue: 167), Colour(red: 230, green: 159, blue: 0),
    Colour(red: 86, green: 180, blue: 233), Colour(red: 90, green: 90, blue: 90),
    Colour(red: 136, green: 34, blue: 85), Colour(red: 153, green: 153, blue: 51),
    Colour(red: 51, green: 34, blue: 136),
  ]
  private static let dashes = ["", "7 3", "2 2.5", "8 3 2 3", "13 4", "5 2.5 1.5 2.5 1.5 2.5"]

  /// Their likes among the 256 colours of terminals, light enough for a dark ground.
  private static let terminalColours = [33, 208, 36, 175, 220, 81, 250, 161, 143, 99]

  static func terminalColour(_ style: Int) -> Int { terminalColours[style % terminalColours.count] }

  static func colour(_ style: Int) -> Colour { colours[style % colours.count] }

  /// An SVG dash array; empty for an unbroken line.
  static func dash(_ style: Int) -> String { dashes[style % dashes.count] }
}
