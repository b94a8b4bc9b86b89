/// Several panels in rows and columns, with one legend for all of them.
public struct Figure: Hashable, Sendable {
  /// The line above the panels; none when empty.
  public var title: String
  /// A line below the title, such as what differs from the source; none when empty.
  public var note: String
  /// The panels, row by row.
  public var panels: [FigurePanel]
  /// Panels in a row.
  public var columns: Int
  /// Whether the panels of a column have one horizontal axis.
  public var sharesX: Bool
  /// Whether the panels of a row have one vertical axis.
  public var sharesY: Bool
  /// The width and height of a panel's plot, in pixels at single size.
  public var panelSize: SIMD2<Double>

  /// A figure.
  public init(
    title: String, note: String = "", panels: [FigurePanel], columns: Int = 1, sharesX: Bool = false,
    sharesY: Bool = false, panelSize: SIMD2<Double> = [340, 240]
  ) {
    self.title = title
    self.note = note
    self.panels = panels
    self.columns = max(columns, 1)
    self.sharesX = sharesX
    self.sharesY = sharesY
    self.panelSize = panelSize
  }

  /// Writes the figure as an SVG file, atomically.
  public func writeSVG(to path: String) throws(FileError) {
    let text = svg
    try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(text) }
  }

  /// Writes the figure as a PNG file, atomically, with two pixels for one of the SVG file's.
  public func writePNG(to path: String) throws(FileError) { try drawing.picture().writePNG(to: path) }

  /// The figure as an SVG file. The same figure gives the same bytes.
  public var svg: String { drawing.svg }
}

/// One panel of a figure.
public struct FigurePanel: Hashable, Sendable {
  /// What a panel shows.
  public enum Content: Hashable, Sendable {
    /// Curves over two axes.
    case curves([ChartSeries])
    /// A function of two variables.
    case contours(ContourPlot)
    /// A table of numbers.
    case matrix(MatrixPlot)
  }

  /// The line above the panel; none when empty.
  public var title: String
  /// The horizontal axis.
  public var x: ChartAxis
  /// The vertical axis.
  public var y: ChartAxis
  /// What it shows.
  public var content: Content

  /// A panel.
  public init(title: String = "", x: ChartAxis, y: ChartAxis, content: Content) {
    self.title = title
    self.x = x
    self.y = y
    self.content = content
  }

  /// A panel of curves.
  public init(title: String = "", x: ChartAxis, y: ChartAxis, series: [ChartSeries]) {
    self.init(title: title, x: x, y: y, content: .curves(series))
  }

  /// A panel of contours, whose axes are the function's variables.
  public init(title: String = "", xLabel: String = "x", yLabel: String = "y", contours: ContourPlot) {
    self.init(
      title: title, x: ChartAxis(xLabel, range: contours.x), y: ChartAxis(yLabel, range: contours.y),
      content: .contours(contours))
  }

  /// A confusion matrix.
  public init(title: String = "", confusion counts: [[Int]], classNames: [String]) {
    self.init(
      title: title, x: ChartAxis("predicted class"), y: ChartAxis("true class"),
      content: .matrix(MatrixPlot(confusion: counts, classNames: classNames)))
  }
}
