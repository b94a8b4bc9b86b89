import Foundation

extension Chart {
  /// Writes the chart as an SVG file, atomically.
  public func writeSVG(to path: String) throws(FileError) {
    let text = svg
    try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(text) }
  }

  /// Writes the chart as a PNG file, atomically, with two pixels for one of the SVG file's.
  public func writePNG(to path: String) throws(FileError) { try drawing.picture().writePNG(to: path) }

  /// The chart as an SVG file: a white ground, the legend beside the curves, scaling with the page it stands on.
  ///
  /// The same chart gives the same bytes.
  public var svg: String { drawing.svg }

  /// The chart as shapes.
  package var drawing: Drawing {
    let xValues = panels.flatMap(\.xValues)
    let layouts = panels.map { ChartPanelLayout($0, width: xValues) }
    let legendWidth = layouts.map(\.legendWidth).max() ?? 0
    let marginLeft = layouts.map(\.leftMargin).max() ?? 0
    let top: Double = title.isEmpty ? 20 : 48
    var drawing = Drawing(
      width: marginLeft + ChartPanelLayout.plotWidth + legendWidth + 12,
      height: top + layouts.map(\.height).reduce(0, +),
      title: title.isEmpty ? panels.map(\.y.label).joined(separator: ", ") : title)
    drawing.text(title, at: [marginLeft, 26], size: 15, isBold: true)
    var y = top
    for layout in layouts {
      layout.draw(into: &drawing, at: [marginLeft, y], legendWidth: legendWidth)
      y += layout.height
    }
    return drawing
  }
}

/// One panel of a chart with its legend.
private struct ChartPanelLayout {
  static let plotWidth = 520.0
  static let plotHeight = 280.0
  private static let lineHeight = 19.0

  private struct LegendEntry {
    let name: String
    let value: String
    let hasMarkers: Bool
    let style: Int
  }

  private let panel: ChartPanel
  private let frame: PanelFrame
  private let tickWidth: Double
  private let legend: [LegendEntry]

  init(_ panel: ChartPanel, width: [Double]) {
    self.panel = panel
    frame = PanelFrame(panel, width: width)
    tickWidth = PlotArea(ChartPanelLayout.rectangle(at: [0, 0]), frame: frame).tickWidth
    let entries = panel.series.enumerated().map { index, series in
      let last = series.smoothed.last?.y
      return (
        entry: LegendEntry(
          name: series.name, value: last.map(ChartPanelLayout.valueText) ?? "", hasMarkers: series.hasMarkers,
          style: series.style ?? index),
        last: last ?? -.infinity, index: index
      )
    }
    // Like the curves' right ends from the top, where there are so many that the order helps.
    let ordered =
      entries.count > 3
      ? entries.sorted {
        let (a, b) = ($0.last.isFinite ? $0.last : .infinity, $1.last.isFinite ? $1.last : .infinity)
        return (b, $0.index) < (a, $1.index)
      } : entries
    legend = ordered.map(\.entry)
  }

  private static func rectangle(at place: Drawing.Point) -> Drawing.Rectangle {
    Drawing.Rectangle(x: place.x, y: place.y, width: plotWidth, height: plotHeight)
  }

  private static func valueText(_ value: Double) -> String {
    guard value.isFinite else { return "diverged" }
    if abs(value) >= 1e5 || (abs(value) < 1e-3 && value != 0) { return String(format: "%.1e", value) }
    return String(format: "%.*f", abs(value) >= 10 ? 2 : abs(value) >= 1 ? 3 : 4, value)
  }

  var height: Double {
    max(ChartPanelLayout.plotHeight, Double(legend.count) * ChartPanelLayout.lineHeight) + 66
  }

  var leftMargin: Double { tickWidth + 36 }

  var legendWidth: Double {
    let names = (legend.map { TextMetrics.width(of: $0.name) }.max() ?? 0) * 13
    return 18 + 34 + names + 14 + (legend.map { TextMetrics.width(of: $0.value) }.max() ?? 0) * 13 + 8
  }

  func draw(into drawing: inout Drawing, at place: Drawing.Point, legendWidth: Double) {
    let area = PlotArea(ChartPanelLayout.rectangle(at: place), frame: frame)
    area.drawAxes(into: &drawing)
    area.drawLabels(into: &drawing, x: panel.x.label, y: panel.y.label, tickWidth: tickWidth)
    area.draw(panel.series, into: &drawing)
    let x = area.rectangle.maxX + 18
    let right = area.rectangle.maxX + legendWidth - 4
    drawing.text("last value", at: [right, place.y - 6], size: 11, anchor: .end, colour: .grey(102))
    for (line, entry) in legend.enumerated() {
      let y = place.y + 8 + Double(line) * ChartPanelLayout.lineHeight
      LegendSample.draw(at: [x, y], style: entry.style, hasMarkers: entry.hasMarkers, into: &drawing)
      drawing.text(entry.name, at: [x + 34, y], size: 13, isCentred: true)
      drawing.text(entry.value, at: [right, y], size: 13, anchor: .end, isCentred: true, colour: .grey(102))
    }
  }
}

/// A curve's look in a legend.
enum LegendSample {
  static let width = 28.0

  static func draw(at place: Drawing.Point, style: Int, hasMarkers: Bool, into drawing: inout Drawing) {
    drawing.polyline(
      [place, place + Drawing.Point(width, 0)],
      Drawing.Stroke(ChartPalette.colour(style), width: 2, dash: ChartPalette.dash(style)))
    if hasMarkers {
      ChartPalette.marker(style).draw(
        at: place + Drawing.Point(width / 2, 0), radius: 3.2, fill: ChartPalette.colour(style),
        stroke: Drawing.Stroke(.white, width: 0.8), into: &drawing)
    }
  }
}
