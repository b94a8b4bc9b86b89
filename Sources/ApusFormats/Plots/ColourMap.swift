/// Colours for quantities: one hue, from light for little to dark for much, so that order shows in any colour vision
/// and in print.
///
/// Source: the nine-class "Blues" of Harrower and Brewer, "ColorBrewer.org", The Cartographic Journal 40, 2003.
package enum ColourMap {
  private static let stops = [
    Colour(247, 251, 255), Colour(222, 235, 247), Colour(198, 219, 239), Colour(158, 202, 225), Colour(107, 174, 214),
    Colour(66, 146, 198), Colour(33, 113, 181), Colour(8, 81, 156), Colour(8, 48, 107),
  ]

  /// The colour of a fraction of the range, 0 to 1.
  package static func colour(_ fraction: Double) -> Colour {
    guard fraction.isFinite else { return .grey(200) }
    let place = min(max(fraction, 0), 1) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let (low, high, rest) = (stops[index], stops[index + 1], place - Double(index))
    return Colour(
      low.red + (high.red - low.red) * rest, low.green + (high.green - low.green) * rest,
      low.blue + (high.blue - low.blue) * rest)
  }
}
