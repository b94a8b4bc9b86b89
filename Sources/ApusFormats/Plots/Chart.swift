/// A drawing of curves: panels below one another.
public struct Chart: Hashable, Sendable {
  /// The line above the panels; none when empty.
  public var title: String
  /// The panels from the top.
  public var panels: [ChartPanel]

  /// A chart of panels.
  public init(title: String, panels: [ChartPanel]) {
    self.title = title
    self.panels = panels
  }
}

/// Curves over two axes.
public struct ChartPanel: Hashable, Sendable {
  /// The horizontal axis.
  public var x: ChartAxis
  /// The vertical axis.
  public var y: ChartAxis
  /// The curves, in the order of their colours.
  public var series: [ChartSeries]

  var xValues: [Double] { series.flatMap { $0.points.map(\.x) } }

  /// A panel of curves.
  public init(x: ChartAxis, y: ChartAxis, series: [ChartSeries]) {
    self.x = x
    self.y = y
    self.series = series
  }
}

/// One axis of a panel.
public struct ChartAxis: Hashable, Sendable {
  /// How values become lengths.
  public enum Scale: Hashable, Sendable {
    case linear
    /// To base 10; values that are not above 0 are left out.
    case logarithmic
    /// Logarithmic where all values are above 0 and the largest is over 20 times the smallest.
    case automatic
  }

  /// What is drawn, with its unit in parentheses: `loss (nats)`.
  public var label: String
  /// How values become lengths.
  public var scale: Scale
  /// Whether values between whole numbers mean nothing, as those of steps.
  public var isWhole: Bool
  /// The values at its ends; nil for what the data need.
  public var range: ClosedRange<Double>?
  /// What stands at 0, 1, 2 and so on, in place of numbers; empty for an axis of numbers.
  public var names: [String] = []

  /// An axis of things that have names.
  public init(_ label: String, names: [String]) {
    self.init(label, range: -0.6...(Double(max(names.count, 1)) - 0.4))
    self.names = names
  }

  /// An axis.
  public init(_ label: String, scale: Scale = .linear, isWhole: Bool = false, range: ClosedRange<Double>? = nil) {
    self.label = label
    self.scale = scale
    self.isWhole = isWhole
    self.range = range
  }
}

/// What lies around a curve at one place, such as the lowest and highest of several runs.
public struct ChartSpread: Hashable, Sendable {
  /// Where.
  public var x: Double
  /// The lower end.
  public var low: Double
  /// The upper end.
  public var high: Double

  /// The spread at one place.
  public init(x: Double, low: Double, high: Double) {
    self.x = x
    self.low = low
    self.high = high
  }
}

/// One curve.
public struct ChartSeries: Hashable, Sendable {
  /// The name in the legend.
  public var name: String
  /// The points in the order of x, in pairs of x and y; a y that is not finite interrupts the curve.
  public var points: [SIMD2<Double>]
  /// Over how many neighbouring points the curve is averaged; 1 draws it as it is.
  public var smoothingWindow: Int
  /// Whether the curve as it is stands behind the averaged one, faintly.
  public var showsRaw: Bool
  /// Whether each point gets a dot, as suits few points.
  public var hasMarkers: Bool
  /// Whether points that are not finite, or far above the others, are open markers at the top edge.
  public var marksDiverged: Bool
  /// A band around the curve, in the order of x; empty for none.
  public var band: [ChartSpread]
  /// The place in the palette; nil for the place among the panel's series.
  public var style: Int?

  /// A curve.
  public init(
    _ name: String, points: [SIMD2<Double>], smoothingWindow: Int = 1, showsRaw: Bool = true, hasMarkers: Bool = false,
    marksDiverged: Bool = false, band: [ChartSpread] = [], style: Int? = nil
  ) {
    self.name = name
    self.points = points
    self.smoothingWindow = smoothingWindow
    self.showsRaw = showsRaw
    self.hasMarkers = hasMarkers
    self.marksDiverged = marksDiverged
    self.band = band
    self.style = style
  }

  /// The curve to look at: averaged, where a window says so.
  var smoothed: [SIMD2<Double>] {
    smoothingWindow > 1 ? centredMeans(of: points, window: smoothingWindow) : points
  }
}
