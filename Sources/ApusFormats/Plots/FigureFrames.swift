/// The ranges of a figure's panels, those of a row or column taken together where they share an axis.
struct FigureFrames {
  private var frames: [PanelFrame] = []

  subscript(index: Int) -> PanelFrame { frames[index] }

  init(_ figure: Figure) {
    let widths = figure.panels.map(FigureFrames.widths)
    let heights = figure.panels.map(FigureFrames.heights)
    for (index, panel) in figure.panels.enumerated() {
      let (row, column) = (index / figure.columns, index % figure.columns)
      func together(_ values: [[Double]], _ isShared: Bool, where belongs: (Int) -> Bool) -> [Double] {
        isShared ? values.indices.filter(belongs).flatMap { values[$0] } : values[index]
      }
      frames.append(
        PanelFrame(
          x: AxisFrame(
            values: together(widths, figure.sharesX) { $0 % figure.columns == column }, axis: panel.x,
            isHorizontal: true),
          y: AxisFrame(values: together(heights, figure.sharesY) { $0 / figure.columns == row }, axis: panel.y)))
    }
  }

  private static func widths(_ panel: FigurePanel) -> [Double] {
    switch panel.content {
    case .curves(let series): series.flatMap { $0.points.map(\.x) }
    case .contours(let plot): [plot.x.lowerBound, plot.x.upperBound]
    case .matrix: []
    }
  }

  private static func heights(_ panel: FigurePanel) -> [Double] {
    switch panel.content {
    case .curves(let series): PanelFrame.heights(of: series)
    case .contours(let plot): [plot.y.lowerBound, plot.y.upperBound]
    case .matrix: []
    }
  }
}
