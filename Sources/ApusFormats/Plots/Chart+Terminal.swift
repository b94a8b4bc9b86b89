/// How a chart is drawn in a terminal.
public struct TerminalChartStyle: Hashable, Sendable {
  /// What curves are made of.
  public enum Ink: Hashable, Sendable {
    /// Braille dots, eight to a character, in the curves' colours.
    case colouredDots
    /// Braille dots without colours where there is one curve; letters, one per curve, where there are more.
    case dots
    /// Letters alone, for terminals without Unicode.
    case ascii
  }

  /// What curves are made of.
  public var ink: Ink
  /// The width of the whole chart in characters.
  public var width: Int
  /// The height of one panel's curves in lines.
  public var height: Int

  /// A style.
  public init(ink: Ink, width: Int = 80, height: Int = 14) {
    self.ink = ink
    self.width = width
    self.height = height
  }
}

extension Chart {
  /// The chart as lines of text, for a terminal.
  public func terminalText(style: TerminalChartStyle) -> String {
    let xValues = panels.flatMap(\.xValues)
    let blocks = panels.map { TerminalPanel($0, width: xValues, style: style).lines.joined(separator: "\n") }
    return ((title.isEmpty ? [] : [title]) + blocks).joined(separator: "\n\n") + "\n"
  }
}

/// One panel as lines of text.
private struct TerminalPanel {
  private let panel: ChartPanel
  private let style: TerminalChartStyle
  private let frame: PanelFrame
  private let yTicks: [AxisFrame.Tick]
  private let margin: Int
  private let columns: Int
  private let rows: Int

  init(_ panel: ChartPanel, width: [Double], style: TerminalChartStyle) {
    self.panel = panel
    self.style = style
    frame = PanelFrame(panel, width: width)
    rows = max(style.height, 4)
    yTicks = frame.y.ticks(about: max(rows / 3, 2)).filter { !$0.label.isEmpty }
    margin = (yTicks.map { displayWidth(of: $0.label) }.max() ?? 0) + 2
    columns = max(style.width - margin - 1, 16)
  }

  private var usesLetters: Bool { style.ink == .ascii || (style.ink == .dots && panel.series.count > 1) }

  var lines: [String] {
    var labels: [Int: String] = [:]
    for tick in yTicks {
      guard let fraction = frame.y.fraction(tick.value) else { continue }
      labels[min(max(Int((1 - fraction) * Double(rows)), 0), rows - 1)] = tick.label
    }
    let body = curves().enumerated().map { row, line in
      let label = labels[row] ?? ""
      let padding = String(repeating: " ", count: margin - 1 - displayWidth(of: label))
      let axis = style.ink == .ascii ? (label.isEmpty ? "|" : "+") : (label.isEmpty ? "│" : "┤")
      return padding + label + axis + line
    }
    return [panel.y.label] + body + xAxis() + legend()
  }

  private func curves() -> [String] {
    var canvas = DotCanvas(columns: columns, rows: rows, isFine: !usesLetters)
    // The first curve is drawn last, on top.
    for (index, series) in panel.series.enumerated().reversed() {
      // Characters are coarse: what is averaged at all is averaged over more, so that curves do not run together.
      var calm = series
      if series.smoothingWindow > 1 { calm.smoothingWindow = max(series.smoothingWindow, series.points.count / 20) }
      for run in frame.runs(thinned(calm.smoothed, columns: columns * 2)) { canvas.draw(run, pen: index) }
    }
    return canvas.lines { pen, dots in
      if usesLetters { return letter(pen) }
      return style.ink == .colouredDots ? coloured(dots, pen) : dots
    }
  }

  private func letter(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
  }

  private func coloured(_ text: String, _ index: Int) -> String {
    "\u{1B}[38;5;\(ChartPalette.terminalColour(panel.series[index].style ?? index))m\(text)\u{1B}[0m"
  }

  private func xAxis() -> [String] {
    let isASCII = style.ink == .ascii
    var axis = [Character](repeating: isASCII ? "-" : "─", count: columns)
    var labels = [Character](repeating: " ", count: columns + margin)
    var end = -1
    for tick in frame.x.ticks(about: max(columns / 12, 2)) where !tick.label.isEmpty {
      guard let fraction = frame.x.fraction(tick.value) else { continue }
      let column = min(max(Int(fraction * Double(columns)), 0), columns - 1)
      axis[column] = isASCII ? "+" : "┬"
      let start = min(max(margin + column - tick.label.count / 2, 0), labels.count - tick.label.count)
      guard start > end else { continue }
      labels.replaceSubrange(start..<start + tick.label.count, with: tick.label)
      end = start + tick.label.count
    }
    let corner = String(repeating: " ", count: margin - 1) + (isASCII ? "+" : "└")
    let name = String(repeating: " ", count: max(margin + (columns - displayWidth(of: panel.x.label)) / 2, 0))
    let labelLine = String(labels[..<max(end, 0)])
    return [corner + String(axis), labelLine, name + panel.x.label]
  }

  private func legend() -> [String] {
    let entries = panel.series.enumerated().map { index, series -> (text: String, width: Int) in
      let sample = usesLetters ? letter(index) : style.ink == .colouredDots ? coloured("⠒⠒", index) : "⠒⠒"
      return (sample + " " + series.name, (usesLetters ? 1 : 2) + 1 + displayWidth(of: series.name))
    }
    var lines: [String] = []
    var width = style.width
    for entry in entries {
      if width + 3 + entry.width > style.width {
        lines.append(String(repeating: " ", count: margin))
        width = margin
      } else {
        lines[lines.count - 1] += "   "
        width += 3
      }
      lines[lines.count - 1] += entry.text
      width += entry.width
    }
    return lines
  }
}
