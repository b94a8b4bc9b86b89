import Foundation

/// A panel's axes in their place on the page: from values to places, and what is drawn there.
struct PlotArea {
  typealias Point = Drawing.Point

  static let axisColour = Colour.grey(68)
  static let gridColour = Colour.grey(228)
  static let tickTextSize = 12.0
  static let labelSize = 13.0

  let rectangle: Drawing.Rectangle
  let frame: PanelFrame
  let xTicks: [AxisFrame.Tick]
  let yTicks: [AxisFrame.Tick]

  init(_ rectangle: Drawing.Rectangle, frame: PanelFrame) {
    self.rectangle = rectangle
    self.frame = frame
    let marks = PlotArea.marks(of: frame.x, about: max(Int(rectangle.width / 60), 2))
    xTicks = frame.x.isLogarithmic ? PlotArea.spaced(marks, frame.x, width: rectangle.width) : marks
    yTicks = PlotArea.marks(of: frame.y, about: max(Int(rectangle.height / 50), 3))
  }

  /// An axis's marks, with the proper sign before negative numbers.
  private static func marks(of frame: AxisFrame, about count: Int) -> [AxisFrame.Tick] {
    frame.ticks(about: count).map { tick in
      tick.label.hasPrefix("-") ? AxisFrame.Tick(value: tick.value, label: "−" + tick.label.dropFirst()) : tick
    }
  }

  /// Marks without the numbers that would touch others: of a decade 1 stays first, then 5 and 2.
  private static func spaced(_ marks: [AxisFrame.Tick], _ frame: AxisFrame, width: Double) -> [AxisFrame.Tick] {
    func rank(_ value: Double) -> Int {
      let digit = Int((value / pow(10, floor(log10(value) + 1e-9))).rounded())
      return [1, 5, 2].firstIndex(of: digit) ?? 3
    }
    var taken: [ClosedRange<Double>] = []
    var kept: Set<Int> = []
    for index in marks.indices.sorted(by: { (rank(marks[$0].value), $0) < (rank(marks[$1].value), $1) }) {
      guard !marks[index].label.isEmpty, let fraction = frame.fraction(marks[index].value) else { continue }
      // Half of the number's width, and half of a gap.
      let reach = (TextMetrics.width(of: marks[index].label) * tickTextSize + 6) / 2
      let range = fraction * width - reach...fraction * width + reach
      guard !taken.contains(where: range.overlaps) else { continue }
      taken.append(range)
      kept.insert(index)
    }
    return marks.indices.map { kept.contains($0) ? marks[$0] : AxisFrame.Tick(value: marks[$0].value, label: "") }
  }

  /// The room that the marks of the vertical axis take, in pixels.
  var tickWidth: Double {
    (yTicks.map { TextMetrics.width(of: $0.label) }.max() ?? 0) * PlotArea.tickTextSize + 9
  }

  /// A place from fractions of the panel's width and height.
  func place(_ fractions: SIMD2<Double>) -> Point {
    // Far outside the panel all places look alike, and small numbers keep files small.
    let y = min(max(fractions.y, -2), 3)
    return Point(rectangle.x + rectangle.width * fractions.x, rectangle.maxY - rectangle.height * y)
  }

  /// Draws the frame, the marks with their numbers, and a faint grid behind.
  func drawAxes(into drawing: inout Drawing, showsX: Bool = true, showsY: Bool = true, hasGrid: Bool = true) {
    let (grid, axis) = (Drawing.Stroke(PlotArea.gridColour), Drawing.Stroke(PlotArea.axisColour))
    for tick in yTicks {
      guard let fraction = frame.y.fraction(tick.value) else { continue }
      let y = rectangle.maxY - rectangle.height * fraction
      let isLabelled = !tick.label.isEmpty
      if isLabelled, hasGrid { drawing.polyline([Point(rectangle.x, y), Point(rectangle.maxX, y)], grid) }
      drawing.polyline([Point(rectangle.x - (isLabelled ? 5 : 3), y), Point(rectangle.x, y)], axis)
      if showsY {
        drawing.text(
          tick.label, at: Point(rectangle.x - 9, y), size: PlotArea.tickTextSize, anchor: .end, isCentred: true)
      }
    }
    for tick in xTicks {
      guard let fraction = frame.x.fraction(tick.value) else { continue }
      let x = rectangle.x + rectangle.width * fraction
      let length = tick.label.isEmpty ? 3.0 : 5.0
      drawing.polyline([Point(x, rectangle.maxY), Point(x, rectangle.maxY + length)], axis)
      if showsX {
        drawing.text(tick.label, at: Point(x, rectangle.maxY + 19), size: PlotArea.tickTextSize, anchor: .middle)
      }
    }
    drawing.polyline(
      [Point(rectangle.x, rectangle.y), Point(rectangle.x, rectangle.maxY), Point(rectangle.maxX, rectangle.maxY)], axis
    )
  }

  /// Writes the names of the axes.
  ///
  /// - Parameters:
  ///   - tickWidth: the room to leave for the vertical axis's numbers.
  func drawLabels(
    into drawing: inout Drawing, x: String = "", y: String = "", tickWidth: Double
  ) {
    drawing.text(
      x, at: Point(rectangle.midX, rectangle.maxY + 40), size: PlotArea.labelSize, anchor: .middle)
    drawing.text(
      y, at: Point(rectangle.x - tickWidth - 11, rectangle.midY), size: PlotArea.labelSize, anchor: .middle,
      rotation: -90)
  }

  /// Draws curves, the first on top.
  func draw(_ series: [ChartSeries], into drawing: inout Drawing) {
    let styles = series.enumerated().map { $1.style ?? $0 }
    let edges = Drawing.Rectangle(
      x: rectangle.x - 4, y: rectangle.y - 4, width: rectangle.width + 8, height: rectangle.height + 4)
    drawing.clip(to: edges) { drawing in
      for (series, style) in zip(series, styles).reversed() { drawBand(series, style, into: &drawing) }
      // Faint curves first, so that no averaged one is hidden behind them.
      for (series, style) in zip(series, styles).reversed() where series.smoothingWindow > 1 && series.showsRaw {
        drawCurve(
          series.points, Drawing.Stroke(ChartPalette.colour(style).withOpacity(0.22)), into: &drawing)
      }
      for (series, style) in zip(series, styles).reversed() {
        let stroke = Drawing.Stroke(ChartPalette.colour(style), width: 1.8, dash: ChartPalette.dash(style))
        drawCurve(series.smoothed, stroke, into: &drawing)
        if series.hasMarkers { drawMarkers(series.points, style, into: &drawing) }
      }
    }
    drawDiverged(series, styles, into: &drawing)
    if series.allSatisfy({ frame.runs($0.points).isEmpty }) && !series.contains(where: \.marksDiverged) {
      drawing.text(
        "no data yet", at: Point(rectangle.midX, rectangle.midY), anchor: .middle, colour: .grey(119))
    }
  }

  private func drawCurve(_ points: [SIMD2<Double>], _ stroke: Drawing.Stroke, into drawing: inout Drawing) {
    let lines = frame.runs(thinned(points, columns: Int(rectangle.width))).map { $0.map(place) }
    drawing.polylines(lines.filter { $0.count > 1 }, stroke)
  }

  private func drawBand(_ series: ChartSeries, _ style: Int, into drawing: inout Drawing) {
    var runs: [(low: [Point], high: [Point])] = [([], [])]
    for spread in series.band {
      if let low = frame.fractions([spread.x, spread.low]), let high = frame.fractions([spread.x, spread.high]) {
        runs[runs.count - 1].low.append(place(low))
        runs[runs.count - 1].high.append(place(high))
      } else {
        runs.append(([], []))
      }
    }
    drawing.polygons(
      runs.map { $0.high + $0.low.reversed() }, fill: ChartPalette.colour(style).withOpacity(0.18))
  }

  private func drawMarkers(_ points: [SIMD2<Double>], _ style: Int, into drawing: inout Drawing) {
    for point in points.count > 60 ? [] : points {
      guard let fractions = frame.fractions(point), -0.01...1.01 ~= fractions.y else { continue }
      ChartPalette.marker(style).draw(
        at: place(fractions), radius: 3.2, fill: ChartPalette.colour(style), stroke: Drawing.Stroke(.white, width: 0.8),
        into: &drawing)
    }
  }

  /// Open markers at the top edge, those of one place below one another.
  private func drawDiverged(_ series: [ChartSeries], _ styles: [Int], into drawing: inout Drawing) {
    var counts: [Double: Int] = [:]
    for (series, style) in zip(series, styles) where series.marksDiverged {
      for point in series.points {
        let isAbove = frame.fractions(point).map { $0.y > 1.01 } ?? true
        guard isAbove, let x = frame.x.fraction(point.x) else { continue }
        let count = counts[point.x, default: 0]
        counts[point.x] = count + 1
        ChartPalette.marker(style).draw(
          at: Point(rectangle.x + rectangle.width * x, rectangle.y + 4 + Double(count) * 9), radius: 3.2, fill: .white,
          stroke: Drawing.Stroke(ChartPalette.colour(style), width: 1.3), into: &drawing)
      }
    }
  }
}

extension ChartPalette.Marker {
  /// Draws the marker, its shapes alike in area.
  func draw(
    at centre: Drawing.Point, radius: Double, fill: Colour, stroke: Drawing.Stroke, into drawing: inout Drawing
  ) {
    func polygon(_ corners: [Drawing.Point]) {
      drawing.polygons([corners.map { centre + $0 * radius }], fill: fill, stroke: stroke)
    }
    switch self {
    case .disc: drawing.circle(centre, radius: radius, fill: fill, stroke: stroke)
    case .square: polygon([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]])
    case .triangle: polygon([[0, -1.25], [1.15, 0.85], [-1.15, 0.85]])
    case .diamond: polygon([[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]])
    }
  }
}
