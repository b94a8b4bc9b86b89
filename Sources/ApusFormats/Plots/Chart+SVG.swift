import Foundation

extension Chart {
  /// Writes the chart as an SVG file, atomically.
  public func writeSVG(to path: String) throws(FileError) {
    let text = svg
    try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(text) }
  }

  /// The chart as an SVG file: a white ground, the legend beside the curves, scaling with the page it stands on.
  ///
  /// The same chart gives the same bytes.
  public var svg: String {
    let xValues = panels.flatMap(\.xValues)
    let layouts = panels.map { SVGPanel($0, width: xValues) }
    let legendWidth = layouts.map(\.legendWidth).max() ?? 0
    let marginLeft = layouts.map(\.leftMargin).max() ?? 0
    let top: Double = title.isEmpty ? 20 : 48
    let width = marginLeft + SVGPanel.plotWidth + legendWidth + 12
    let heights = layouts.map(\.height)
    let height = top + heights.reduce(0, +)
    var svg = SVGText()
    svg.group(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(SVGText.number(width)) \(SVGText.number(height))",
        "role": "img", "font-family": "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif",
        "font-size": "13", "fill": "#222",
      ]
    ) { svg in
      svg.element("title", [:], text: title.isEmpty ? panels.map(\.y.label).joined(separator: ", ") : title)
      svg.element("rect", ["width": "100%", "height": "100%", "fill": "#fff"])
      if !title.isEmpty {
        svg.element(
          "text",
          [
            "x": SVGText.number(marginLeft), "y": "26", "font-size": "15", "font-weight": "bold",
          ], text: title)
      }
      var y = top
      for (index, layout) in layouts.enumerated() {
        layout.draw(into: &svg, index: index, x: marginLeft, y: y)
        y += heights[index]
      }
    }
    return svg.text
  }
}

/// One panel's part of the drawing.
private struct SVGPanel {
  static let plotWidth = 520.0
  static let plotHeight = 280.0
  private static let lineHeight = 19.0

  private struct LegendEntry {
    let name: String
    let value: String
    let series: ChartSeries
    let style: Int
  }

  private let panel: ChartPanel
  private let frame: PanelFrame
  private let xTicks: [AxisFrame.Tick]
  private let yTicks: [AxisFrame.Tick]
  private let legend: [LegendEntry]

  init(_ panel: ChartPanel, width: [Double]) {
    self.panel = panel
    frame = PanelFrame(panel, width: width)
    xTicks = frame.x.ticks(about: 7)
    yTicks = frame.y.ticks(about: 5)
    let entries = panel.series.enumerated().map { index, series in
      let last = series.smoothed.last?.y
      return (
        entry: LegendEntry(
          name: series.name, value: last.map(SVGPanel.valueText) ?? "", series: series, style: series.style ?? index),
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

  private static func valueText(_ value: Double) -> String {
    guard value.isFinite else { return "diverged" }
    if abs(value) >= 1e5 || (abs(value) < 1e-3 && value != 0) { return String(format: "%.1e", value) }
    return String(format: "%.*f", abs(value) >= 10 ? 2 : abs(value) >= 1 ? 3 : 4, value)
  }

  var height: Double { max(SVGPanel.plotHeight, Double(legend.count) * SVGPanel.lineHeight) + 66 }

  var leftMargin: Double { 36 + (yTicks.map { SVGText.width(of: $0.label) }.max() ?? 0) * 12 + 8 }

  private var nameWidth: Double { (legend.map { SVGText.width(of: $0.name) }.max() ?? 0) * 13 }

  var legendWidth: Double {
    18 + 34 + nameWidth + 14 + (legend.map { SVGText.width(of: $0.value) }.max() ?? 0) * 13 + 4
  }

  func draw(into svg: inout SVGText, index: Int, x: Double, y: Double) {
    svg.group("g", ["transform": "translate(\(SVGText.number(x)) \(SVGText.number(y)))"]) { svg in
      drawAxes(into: &svg)
      svg.group("clipPath", ["id": "plot\(index)"]) { svg in
        svg.element(
          "rect",
          [
            "x": "-4", "y": "-4", "width": SVGText.number(SVGPanel.plotWidth + 8),
            "height": SVGText.number(SVGPanel.plotHeight + 4),
          ])
      }
      svg.group("g", ["clip-path": "url(#plot\(index))", "fill": "none", "stroke-linejoin": "round"]) { svg in
        // Faint curves first, so that no averaged one is hidden behind them.
        for (place, series) in panel.series.enumerated() where series.smoothingWindow > 1 && series.showsRaw {
          drawCurve(
            series.points, style: series.style ?? place, ["stroke-width": "1", "stroke-opacity": "0.22"], into: &svg)
        }
        for (place, series) in panel.series.enumerated() {
          let style = series.style ?? place
          let dash = ChartPalette.dash(style)
          drawCurve(
            series.smoothed, style: style, ["stroke-width": "1.8", "stroke-dasharray": dash.isEmpty ? "none" : dash],
            into: &svg)
          if series.hasMarkers { drawMarkers(series.points, style: style, into: &svg) }
        }
      }
      if panel.series.allSatisfy({ frame.runs($0.points).isEmpty }) {
        svg.element(
          "text",
          [
            "x": SVGText.number(SVGPanel.plotWidth / 2), "y": SVGText.number(SVGPanel.plotHeight / 2),
            "text-anchor": "middle", "fill": "#777",
          ], text: "no data yet")
      }
      drawLegend(into: &svg)
    }
  }

  private func drawAxes(into svg: inout SVGText) {
    let (width, height) = (SVGPanel.plotWidth, SVGPanel.plotHeight)
    for tick in yTicks {
      guard let fraction = frame.y.fraction(tick.value) else { continue }
      let y = SVGText.number(height * (1 - fraction))
      let isLabelled = !tick.label.isEmpty
      if isLabelled {
        svg.element("path", ["d": "M0 \(y)H\(SVGText.number(width))", "stroke": "#e4e4e4"])
      }
      svg.element("path", ["d": "M\(isLabelled ? -5 : -3) \(y)H0", "stroke": "#444"])
      if isLabelled {
        svg.element(
          "text", ["x": "-9", "y": y, "dy": "0.35em", "text-anchor": "end", "font-size": "12"], text: tick.label)
      }
    }
    for tick in xTicks {
      guard let fraction = frame.x.fraction(tick.value) else { continue }
      let x = SVGText.number(width * fraction)
      svg.element("path", ["d": "M\(x) \(SVGText.number(height))v\(tick.label.isEmpty ? 3 : 5)", "stroke": "#444"])
      svg.element(
        "text", ["x": x, "y": SVGText.number(height + 20), "text-anchor": "middle", "font-size": "12"],
        text: tick.label)
    }
    svg.element(
      "path", ["d": "M0 0V\(SVGText.number(height))H\(SVGText.number(width))", "fill": "none", "stroke": "#444"])
    svg.element(
      "text", ["x": SVGText.number(width / 2), "y": SVGText.number(height + 41), "text-anchor": "middle"],
      text: panel.x.label)
    svg.element(
      "text",
      [
        "transform": "translate(\(SVGText.number(16 - leftMargin)) \(SVGText.number(height / 2))) rotate(-90)",
        "text-anchor": "middle",
      ], text: panel.y.label)
  }

  private func place(_ fractions: SIMD2<Double>) -> String {
    // Far outside the panel all places look alike, and small numbers keep the file small.
    let y = SVGPanel.plotHeight * (1 - min(max(fractions.y, -2), 3))
    return "\(SVGText.number(SVGPanel.plotWidth * fractions.x)) \(SVGText.number(y))"
  }

  private func drawCurve(
    _ points: [SIMD2<Double>], style: Int, _ attributes: KeyValuePairs<String, String>, into svg: inout SVGText
  ) {
    let data = frame.runs(thinned(points, columns: Int(SVGPanel.plotWidth))).map { run in
      "M" + run.map(place).joined(separator: "L")
    }
    guard !data.isEmpty else { return }
    let all =
      [("d", data.joined()), ("stroke", SVGPanel.hexadecimal(ChartPalette.colour(style)))] + attributes.map { $0 }
    svg.element("path", pairs: all)
  }

  private func drawMarkers(_ points: [SIMD2<Double>], style: Int, into svg: inout SVGText) {
    for point in points.count > 60 ? [] : points {
      guard let fractions = frame.fractions(point) else { continue }
      let (x, y) = (SVGPanel.plotWidth * fractions.x, SVGPanel.plotHeight * (1 - fractions.y))
      svg.element(
        "circle",
        [
          "cx": SVGText.number(x), "cy": SVGText.number(y), "r": "3",
          "fill": SVGPanel.hexadecimal(ChartPalette.colour(style)), "stroke": "#fff",
        ])
    }
  }

  private func drawLegend(into svg: inout SVGText) {
    let x = SVGPanel.plotWidth + 18
    let right = SVGText.number(x - 18 + legendWidth - 4)
    svg.element(
      "text", ["x": right, "y": "-6", "text-anchor": "end", "fill": "#666", "font-size": "11"], text: "last value")
    for (line, entry) in legend.enumerated() {
      let y = 8 + Double(line) * SVGPanel.lineHeight
      let dash = ChartPalette.dash(entry.style)
      let colour = SVGPanel.hexadecimal(ChartPalette.colour(entry.style))
      svg.element(
        "path",
        [
          "d": "M\(SVGText.number(x)) \(SVGText.number(y))h28", "stroke": colour, "stroke-width": "2",
          "stroke-dasharray": dash.isEmpty ? "none" : dash,
        ])
      if entry.series.hasMarkers {
        svg.element("circle", ["cx": SVGText.number(x + 14), "cy": SVGText.number(y), "r": "3", "fill": colour])
      }
      svg.element("text", ["x": SVGText.number(x + 34), "y": SVGText.number(y), "dy": "0.35em"], text: entry.name)
      svg.element(
        "text",
        [
          "x": right, "y": SVGText.number(y), "dy": "0.35em", "text-anchor": "end",
          "fill": "#666",
        ], text: entry.value)
    }
  }

  private static func hexadecimal(_ colour: ChartPalette.Colour) -> String {
    String(format: "#%02x%02x%02x", colour.red, colour.green, colour.blue)
  }
}
