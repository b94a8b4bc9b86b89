import Foundation

extension ContourPlot {
  /// Draws the bands, the paths over them, and the marks of starts, ends and the minimum.
  func draw(into drawing: inout Drawing, _ area: PlotArea) {
    drawing.rectangle(area.rectangle, fill: colour(aboveLevels: 0))
    drawing.clip(to: area.rectangle) { drawing in
      for (index, level) in levels.enumerated() {
        let outlines = outlines(atLeast: level).map { $0.map(area.place) }
        drawing.polygons(
          outlines, fill: colour(aboveLevels: index + 1),
          stroke: Drawing.Stroke(Colour.white.withOpacity(0.7), width: 0.6)
        )
      }
    }
    if let minimum, let place = area.frame.fractions(minimum) {
      ContourMarks.minimum(at: area.place(place), into: &drawing)
    }
    let routes = paths.enumerated().map { index, path in
      (places: places(of: path, area), style: path.style ?? index)
    }
    drawing.clip(to: area.rectangle) { drawing in
      // White edges keep the paths apart from the bands. Later paths lie on top, so that where two are one, the dashes
      // of the later show the earlier between them.
      for route in routes {
        drawing.polyline(route.places, Drawing.Stroke(Colour.white.withOpacity(0.75), width: 3.4))
      }
      for route in routes { draw(route.places, route.style, into: &drawing) }
    }
    if let start = paths.first?.points.first, let place = area.frame.fractions(start) {
      ContourMarks.start(at: area.place(place), into: &drawing)
    }
  }

  /// A path's places on the page, without steps too short to be seen apart, which would only make the file long.
  private func places(of path: Path, _ area: PlotArea) -> [Drawing.Point] {
    let finite = path.points.prefix { $0.x.isFinite && $0.y.isFinite && abs($0.x) < 1e6 && abs($0.y) < 1e6 }
    let places = finite.compactMap { area.frame.fractions($0) }.map(area.place)
    var steps: [Drawing.Point] = []
    for place in places {
      if let last = steps.last, (place - last).max() < 0.4, (place - last).min() > -0.4 { continue }
      steps.append(place)
    }
    return steps + places.suffix(1)
  }

  private func draw(_ places: [Drawing.Point], _ style: Int, into drawing: inout Drawing) {
    let colour = ChartPalette.colour(style)
    drawing.polyline(places, Drawing.Stroke(colour, width: 1.7, dash: ChartPalette.dash(style)))
    if places.count < 60 {
      for place in places.dropFirst().dropLast() { drawing.circle(place, radius: 1.7, fill: colour) }
    }
    if let end = places.last { ContourMarks.end(at: end, colour: colour, into: &drawing) }
  }

  /// Draws the colours of the levels beside a plot, powers of ten named.
  func drawBar(into drawing: inout Drawing, beside plot: Drawing.Rectangle) {
    guard !levels.isEmpty else { return }
    let (x, width) = (plot.maxX + 14, 11.0)
    drawing.text("f", at: [x + width / 2, plot.y - 7], size: 12, anchor: .middle)
    let step = plot.height / Double(levels.count + 1)
    var lastLabel = Double.infinity
    for count in 0...levels.count {
      let top = plot.maxY - Double(count + 1) * step
      drawing.rectangle(
        Drawing.Rectangle(x: x, y: top, width: width, height: step), fill: colour(aboveLevels: count))
      guard count < levels.count else { continue }
      let exponent = log10(levels[count])
      drawing.polyline([[x + width, top], [x + width + 3, top]], Drawing.Stroke(PlotArea.axisColour))
      guard abs(exponent - exponent.rounded()) < 1e-6, lastLabel - top > 15 else { continue }
      lastLabel = top
      drawing.text(
        AxisFrame.powerOfTen(Int(exponent.rounded())), at: [x + width + 6, top], size: 11, isCentred: true)
    }
    drawing.rectangle(
      Drawing.Rectangle(x: x, y: plot.y, width: width, height: plot.height), stroke: Drawing.Stroke(PlotArea.axisColour)
    )
  }
}

/// The marks on contour plots.
enum ContourMarks {
  static func start(at place: Drawing.Point, into drawing: inout Drawing) {
    drawing.circle(place, radius: 4, fill: .white, stroke: Drawing.Stroke(.ink, width: 1.6))
  }

  static func end(at place: Drawing.Point, colour: Colour, into drawing: inout Drawing) {
    ChartPalette.Marker.square.draw(
      at: place, radius: 4, fill: colour, stroke: Drawing.Stroke(.white, width: 1), into: &drawing)
  }

  static func minimum(at place: Drawing.Point, into drawing: inout Drawing) {
    for arm in [Drawing.Point(5.5, 0), Drawing.Point(0, 5.5), Drawing.Point(4, 4), Drawing.Point(4, -4)] {
      drawing.polyline([place - arm, place + arm], Drawing.Stroke(.ink, width: 1.3))
    }
  }
}
