/// A table of numbers whose cells are coloured by size.
public struct MatrixPlot: Hashable, Sendable {
  /// The names of the rows, from the top.
  public var rowNames: [String]
  /// The names of the columns.
  public var columnNames: [String]
  /// How dark each cell is, 0 to 1, row by row.
  public var shares: [[Double]]
  /// What stands in each cell.
  public var texts: [[String]]

  /// A table.
  public init(rowNames: [String], columnNames: [String], shares: [[Double]], texts: [[String]]) {
    self.rowNames = rowNames
    self.columnNames = columnNames
    self.shares = shares
    self.texts = texts
  }

  /// A confusion matrix: a row for each true class and a column for each predicted one, the counts in the cells, and
  /// each cell as dark as its share of its row.
  public init(confusion counts: [[Int]], classNames: [String]) {
    self.init(
      rowNames: classNames, columnNames: classNames,
      shares: counts.map { row in
        let total = Double(max(row.reduce(0, +), 1))
        return row.map { Double($0) / total }
      },
      texts: counts.map { $0.map(Quantity.count) })
  }

  static let textSize = 12.0

  /// The side of a cell that has room for every text.
  var cellSize: Double {
    let widest = texts.joined().map { TextMetrics.width(of: $0) }.max() ?? 0
    return max(widest * MatrixPlot.textSize + 10, 30)
  }

  /// Whether the columns' names are too wide to stand side by side.
  var hasSlantedNames: Bool { widestName(columnNames) > cellSize - 6 }

  /// The room for the rows' names.
  var leftRoom: Double { widestName(rowNames) + 9 }

  /// The room for the columns' names.
  var bottomRoom: Double { hasSlantedNames ? widestName(columnNames) * 0.75 + 16 : 24 }

  private func widestName(_ names: [String]) -> Double {
    (names.map { TextMetrics.width(of: $0) }.max() ?? 0) * MatrixPlot.textSize
  }

  /// Draws the cells and their names.
  func draw(into drawing: inout Drawing, in rectangle: Drawing.Rectangle) {
    let width = rectangle.width / Double(max(columnNames.count, 1))
    let height = rectangle.height / Double(max(rowNames.count, 1))
    for (row, (shares, texts)) in zip(shares, texts).enumerated() {
      for (column, (share, text)) in zip(shares, texts).enumerated() {
        let cell = Drawing.Rectangle(
          x: rectangle.x + Double(column) * width, y: rectangle.y + Double(row) * height, width: width, height: height)
        let colour = ColourMap.colour(share * 0.95)
        drawing.rectangle(cell, fill: colour, stroke: Drawing.Stroke(.white))
        drawing.text(
          text, at: [cell.midX, cell.midY], size: MatrixPlot.textSize, anchor: .middle, isCentred: true,
          colour: colour.lightness < 140 ? .white : .ink)
      }
    }
    for (row, name) in rowNames.enumerated() {
      let y = rectangle.y + (Double(row) + 0.5) * height
      drawing.text(name, at: [rectangle.x - 7, y], size: MatrixPlot.textSize, anchor: .end, isCentred: true)
    }
    for (column, name) in columnNames.enumerated() {
      let x = rectangle.x + (Double(column) + 0.5) * width
      if hasSlantedNames {
        drawing.text(
          name, at: [x, rectangle.maxY + 12], size: MatrixPlot.textSize, anchor: .end, rotation: -45, isCentred: true)
      } else {
        drawing.text(name, at: [x, rectangle.maxY + 17], size: MatrixPlot.textSize, anchor: .middle)
      }
    }
  }
}
