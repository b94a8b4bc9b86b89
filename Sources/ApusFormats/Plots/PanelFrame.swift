/// A panel with the ranges of both axes settled.
package struct PanelFrame {
  package let x: AxisFrame
  package let y: AxisFrame

  /// The frame in which the panel's curves are seen best.
  ///
  /// A curve that runs away, as one of a diverging optimizer, must not press the others flat: the vertical range
  /// ends at three times the median of the curves' highest points, and what lies above is cut off. A faint curve
  /// behind an averaged one does not widen the range.
  ///
  /// - Parameters:
  ///   - width: the values that the horizontal axis has to reach, so that several panels can share it.
  package init(_ panel: ChartPanel, width: [Double]) {
    x = AxisFrame(values: width, axis: panel.x, isHorizontal: true)
    y = AxisFrame(values: PanelFrame.heights(of: panel.series), axis: panel.y)
  }

  /// A frame of axes that are settled.
  init(x: AxisFrame, y: AxisFrame) {
    self.x = x
    self.y = y
  }

  /// The values that the vertical axis has to reach.
  static func heights(of series: [ChartSeries]) -> [Double] {
    let curves = series.map { series in
      (series.smoothed.map(\.y) + series.band.flatMap { [$0.low, $0.high] }).filter(\.isFinite)
    }
    let peaks = curves.compactMap { $0.max() }.sorted()
    let limit = peaks.isEmpty ? .infinity : peaks[(peaks.count - 1) / 2] * 3
    let isBounded = peaks.count > 2 && limit > 0
    return curves.flatMap { curve in isBounded ? curve.map { min($0, limit) } : curve }
  }

  /// A point as fractions of the panel's width and height from its lower left corner; nil where it cannot be drawn.
  func fractions(_ point: SIMD2<Double>) -> SIMD2<Double>? {
    guard let x = x.fraction(point.x), let y = y.fraction(point.y) else { return nil }
    return SIMD2(x, y)
  }

  /// The unbroken parts of a curve, as fractions.
  func runs(_ points: [SIMD2<Double>]) -> [[SIMD2<Double>]] {
    var runs: [[SIMD2<Double>]] = [[]]
    for point in points {
      if let place = fractions(point) { runs[runs.count - 1].append(place) } else { runs.append([]) }
    }
    return runs.filter { !$0.isEmpty }
  }
}
