import Foundation

/// A function of two variables as bands of colour, with paths drawn over it.
public struct ContourPlot: Hashable, Sendable {
  /// A way through the plane, from a start to an end.
  public struct Path: Hashable, Sendable {
    /// The name in the legend.
    public var name: String
    /// The places in order; a path ends at the first that is not finite.
    public var points: [SIMD2<Double>]
    /// The place in the palette; nil for the place among the plot's paths.
    public var style: Int?

    /// A path.
    public init(_ name: String, points: [SIMD2<Double>], style: Int? = nil) {
      self.name = name
      self.points = points
      self.style = style
    }
  }

  /// The part of the plane that is drawn.
  public let x: ClosedRange<Double>
  /// The part of the plane that is drawn.
  public let y: ClosedRange<Double>
  /// Where one band ends and the next begins, upwards.
  public let levels: [Double]
  /// The paths, in the order of their colours.
  public var paths: [Path]
  /// Where the function is lowest.
  public var minimum: SIMD2<Double>?
  /// The function on a grid, in rows of rising x.
  let values: [Double]
  /// Points in a row of the grid and rows of it.
  let resolution: Int

  /// Takes a function's values on a grid.
  ///
  /// - Parameters:
  ///   - resolution: cells along each side.
  public init(
    x: ClosedRange<Double>, y: ClosedRange<Double>, levels: [Double], paths: [Path] = [],
    minimum: SIMD2<Double>? = nil, resolution: Int = 120, function: (Double, Double) -> Double
  ) {
    self.x = x
    self.y = y
    self.levels = levels.sorted()
    self.paths = paths
    self.minimum = minimum
    let count = max(resolution, 2)
    self.resolution = count
    values = (0...count).flatMap { row in
      (0...count).map { column in
        let (u, v) = (Double(column) / Double(count), Double(row) / Double(count))
        return function(
          x.lowerBound + (x.upperBound - x.lowerBound) * u, y.lowerBound + (y.upperBound - y.lowerBound) * v)
      }
    }
  }

  /// Levels at equal ratios, as suits functions that fall over several powers of ten.
  ///
  /// - Parameters:
  ///   - perDecade: levels in each power of ten.
  public static func logarithmicLevels(from low: Double, to high: Double, perDecade: Int = 2) -> [Double] {
    guard low > 0, high > low, perDecade > 0 else { return [] }
    let first = Int((log10(low) * Double(perDecade)).rounded())
    let last = Int((log10(high) * Double(perDecade)).rounded())
    return (first...max(last, first)).map { pow(10, Double($0) / Double(perDecade)) }
  }

  /// The colour of the band above a number of levels.
  func colour(aboveLevels count: Int) -> Colour {
    // Not the darkest part of the map: the paths have to stand out from it.
    ColourMap.colour(0.03 + 0.62 * Double(count) / Double(max(levels.count, 1)))
  }
}
