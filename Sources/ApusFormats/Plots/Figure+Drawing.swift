extension Figure {
  /// The figure as shapes.
  package var drawing: Drawing { FigureLayout(self).drawing() }
}

/// Places a figure's panels.
private struct FigureLayout {
  /// A panel in its place in the table.
  private struct Cell {
    let panel: FigurePanel
    let frame: PanelFrame
    let size: SIMD2<Double>
    let row: Int
    let column: Int
    /// Whether numbers stand at the axes, and whether names do.
    var showsX = true
    var showsY = true
    var showsXLabel = true
    var showsYLabel = true
  }

  private let figure: Figure
  private var cells: [Cell] = []
  private let legend: FigureLegend
  private let rowCount: Int

  private static let gap = 26.0
  private static let barRoom = 58.0

  init(_ figure: Figure) {
    self.figure = figure
    legend = FigureLegend(figure)
    rowCount = (figure.panels.count + figure.columns - 1) / figure.columns
    let frames = FigureFrames(figure)
    for (index, panel) in figure.panels.enumerated() {
      var cell = Cell(
        panel: panel, frame: frames[index], size: FigureLayout.size(of: panel, in: figure),
        row: index / figure.columns, column: index % figure.columns)
      let isLast = index + figure.columns >= figure.panels.count
      let below = isLast ? nil : figure.panels[index + figure.columns]
      let left = cell.column == 0 ? nil : figure.panels[index - 1]
      cell.showsX = !figure.sharesX || isLast
      cell.showsXLabel = below?.x.label != panel.x.label
      cell.showsY = !figure.sharesY || cell.column == 0
      cell.showsYLabel = left?.y.label != panel.y.label
      cells.append(cell)
    }
  }

  private static func size(of panel: FigurePanel, in figure: Figure) -> SIMD2<Double> {
    guard case .matrix(let matrix) = panel.content else { return figure.panelSize }
    let cell = matrix.cellSize
    return SIMD2(Double(matrix.columnNames.count), Double(matrix.rowNames.count)) * cell
  }

  private func leftRoom(_ cell: Cell) -> Double {
    var numbers = 9.0
    if case .matrix(let matrix) = cell.panel.content {
      numbers = matrix.leftRoom
    } else if cell.showsY {
      numbers = area(cell, at: [0, 0]).tickWidth
    }
    return numbers + (cell.showsYLabel && !cell.panel.y.label.isEmpty ? 26 : 4)
  }

  private func bottomRoom(_ cell: Cell) -> Double {
    var numbers = cell.showsX ? 24.0 : 6
    if case .matrix(let matrix) = cell.panel.content { numbers = matrix.bottomRoom }
    return numbers + (cell.showsXLabel && !cell.panel.x.label.isEmpty ? 24 : 0)
  }

  private func topRoom(_ cell: Cell) -> Double { cell.panel.title.isEmpty ? 8 : 31 }

  private func area(_ cell: Cell, at place: Drawing.Point) -> PlotArea {
    PlotArea(
      Drawing.Rectangle(x: place.x, y: place.y, width: cell.size.x, height: cell.size.y), frame: cell.frame)
  }

  private func largest(_ cells: [Cell], _ value: (Cell) -> Double) -> Double { cells.map(value).max() ?? 0 }

  /// Where the columns' and rows' plots begin, and where the table ends.
  private func positions() -> (x: [Double], y: [Double], right: Double, bottom: Double) {
    var x: [Double] = []
    var right = 10.0
    for column in 0..<figure.columns {
      let inColumn = cells.filter { $0.column == column }
      right += largest(inColumn, leftRoom)
      x.append(right)
      right += largest(inColumn) { $0.size.x } + FigureLayout.gap
    }
    var y: [Double] = []
    var bottom = 12.0 + (figure.title.isEmpty ? 0 : 24) + Double(note(within: right).count) * 18
    for row in 0..<rowCount {
      let inRow = cells.filter { $0.row == row }
      bottom += largest(inRow, topRoom)
      y.append(bottom)
      bottom += largest(inRow) { $0.size.y + bottomRoom($0) }
    }
    return (x, y, right - 6, bottom)
  }

  /// The note in lines that are no wider than the figure.
  private func note(within width: Double) -> [String] {
    var lines: [String] = []
    for word in figure.note.split(separator: " ") {
      let longer = (lines.last.map { $0 + " " } ?? "") + word
      if lines.isEmpty || TextMetrics.width(of: longer) * 12 > width - 24 {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = longer
      }
    }
    return lines
  }

  private var hasBar: Bool {
    figure.panels.contains { if case .contours = $0.content { true } else { false } }
  }

  func drawing() -> Drawing {
    let (x, y, plotsEnd, bottom) = positions()
    let titleWidth = TextMetrics.width(of: figure.title, isBold: true) * 15 + 24
    let right = max(plotsEnd + (hasBar ? FigureLayout.barRoom : 0), titleWidth)
    let legendHeight = legend.height(within: right - 24)
    var drawing = Drawing(width: right, height: bottom + legendHeight + 10, title: figure.title)
    if !figure.title.isEmpty { drawing.text(figure.title, at: [12, 26], size: 15, isBold: true) }
    for (line, text) in note(within: plotsEnd).enumerated() {
      drawing.text(
        text, at: [12, (figure.title.isEmpty ? 20 : 45) + Double(line) * 18], size: 12, colour: .grey(90))
    }
    for cell in cells {
      guard cell.column < x.count, cell.row < y.count else { continue }
      draw(cell, at: [x[cell.column], y[cell.row]], into: &drawing)
    }
    legend.draw(into: &drawing, y: bottom + 8, width: right)
    return drawing
  }

  private func draw(_ cell: Cell, at place: Drawing.Point, into drawing: inout Drawing) {
    let area = area(cell, at: place)
    drawing.text(
      cell.panel.title, at: [area.rectangle.midX, place.y - 12], size: 13, anchor: .middle, isBold: true)
    let (xLabel, yLabel) = (
      cell.showsXLabel ? cell.panel.x.label : "", cell.showsYLabel ? cell.panel.y.label : ""
    )
    switch cell.panel.content {
    case .curves(let series):
      area.drawAxes(into: &drawing, showsX: cell.showsX, showsY: cell.showsY)
      area.draw(series, into: &drawing)
    case .contours(let plot):
      plot.draw(into: &drawing, area)
      area.drawAxes(into: &drawing, showsX: cell.showsX, showsY: cell.showsY, hasGrid: false)
      let isLast = cell.column == figure.columns - 1 || cell.row * figure.columns + cell.column == cells.count - 1
      if isLast { plot.drawBar(into: &drawing, beside: area.rectangle) }
    case .matrix(let matrix):
      matrix.draw(into: &drawing, in: area.rectangle)
      drawing.text(
        xLabel, at: [area.rectangle.midX, area.rectangle.maxY + matrix.bottomRoom + 14], size: PlotArea.labelSize,
        anchor: .middle)
      drawing.text(
        yLabel, at: [area.rectangle.x - matrix.leftRoom - 11, area.rectangle.midY], size: PlotArea.labelSize,
        anchor: .middle, rotation: -90)
      return
    }
    area.drawLabels(into: &drawing, x: xLabel, y: yLabel, tickWidth: cell.showsY ? area.tickWidth : 9)
  }
}
