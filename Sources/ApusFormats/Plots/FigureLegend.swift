/// What the curves and paths of all panels are called, in rows below them.
struct FigureLegend {
  private enum Sample: Hashable {
    case curve(style: Int, hasMarkers: Bool)
    case start
    case end
    case minimum
    case diverged
  }

  private struct Entry: Hashable {
    let name: String
    let sample: Sample
  }

  private var entries: [Entry] = []
  private static let textSize = 13.0
  private static let lineHeight = 21.0

  init(_ figure: Figure) {
    var signs: [Entry] = []
    for panel in figure.panels {
      switch panel.content {
      case .curves(let series):
        for (index, series) in series.enumerated() where !series.name.isEmpty {
          add(Entry(name: series.name, sample: .curve(style: series.style ?? index, hasMarkers: series.hasMarkers)))
        }
        if series.contains(where: \.marksDiverged) { signs.append(Entry(name: "diverged or above", sample: .diverged)) }
      case .contours(let plot):
        for (index, path) in plot.paths.enumerated() {
          add(Entry(name: path.name, sample: .curve(style: path.style ?? index, hasMarkers: false)))
        }
        guard !plot.paths.isEmpty else { continue }
        signs += [Entry(name: "start", sample: .start), Entry(name: "end", sample: .end)]
        if plot.minimum != nil { signs.append(Entry(name: "minimum", sample: .minimum)) }
      case .matrix: continue
      }
    }
    // A single curve needs no name but its axis.
    if entries.count == 1, signs.isEmpty { entries = [] }
    for sign in signs { add(sign) }
  }

  /// Adds what is not there yet; a curve with markers in any panel has them here.
  private mutating func add(_ entry: Entry) {
    if case .curve(let style, true) = entry.sample,
      let place = entries.firstIndex(of: Entry(name: entry.name, sample: .curve(style: style, hasMarkers: false)))
    {
      entries[place] = entry
    }
    if case .curve(let style, false) = entry.sample,
      entries.contains(Entry(name: entry.name, sample: .curve(style: style, hasMarkers: true)))
    {
      return
    }
    if !entries.contains(entry) { entries.append(entry) }
  }

  private var columnWidth: Double {
    LegendSample.width + 8 + (entries.map { TextMetrics.width(of: $0.name) }.max() ?? 0) * FigureLegend.textSize + 22
  }

  private func columns(within width: Double) -> Int { max(min(Int(width / columnWidth), entries.count), 1) }

  /// The room it takes.
  func height(within width: Double) -> Double {
    guard !entries.isEmpty else { return 0 }
    let columns = columns(within: width)
    return Double((entries.count + columns - 1) / columns) * FigureLegend.lineHeight + 8
  }

  func draw(into drawing: inout Drawing, y: Double, width: Double) {
    guard !entries.isEmpty else { return }
    let limit = columns(within: width - 24)
    let rows = (entries.count + limit - 1) / limit
    let columns = (entries.count + rows - 1) / rows
    let left = max((width - Double(columns) * columnWidth) / 2, 12)
    for (index, entry) in entries.enumerated() {
      let place = Drawing.Point(
        left + Double(index % columns) * columnWidth,
        y + 8 + Double(index / columns) * FigureLegend.lineHeight)
      draw(entry.sample, at: place, into: &drawing)
      drawing.text(
        entry.name, at: place + Drawing.Point(LegendSample.width + 8, 0), size: FigureLegend.textSize, isCentred: true)
    }
  }

  private func draw(_ sample: Sample, at place: Drawing.Point, into drawing: inout Drawing) {
    let middle = place + Drawing.Point(LegendSample.width / 2, 0)
    switch sample {
    case .curve(let style, let hasMarkers):
      LegendSample.draw(at: place, style: style, hasMarkers: hasMarkers, into: &drawing)
    case .start: ContourMarks.start(at: middle, into: &drawing)
    case .end: ContourMarks.end(at: middle, colour: .grey(110), into: &drawing)
    case .minimum: ContourMarks.minimum(at: middle, into: &drawing)
    case .diverged:
      drawing.circle(middle, radius: 3.2, fill: .white, stroke: Drawing.Stroke(.grey(80), width: 1.3))
    }
  }
}
