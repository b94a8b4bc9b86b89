import Apus

/// What one or several devices did of a sweep.
public struct GrowthResult: Sendable {
  /// What was timed.
  public let sweep: GrowthSweep
  /// The devices' times, in the order in which they were asked for.
  public let curves: [GrowthCurve]
  /// What the devices do at best, in the same order.
  public let limits: [DeviceLimits]

  /// The times of devices and what these do at best.
  public init(_ sweep: GrowthSweep, curves: [GrowthCurve], limits: [DeviceLimits]) {
    self.sweep = sweep
    self.curves = curves
    self.limits = limits
  }
}

extension GrowthResult {
  /// To the left the time over the work, where a cost that grows in proportion is parallel to the dashed line; to the right
  /// the rate over the size and, dotted, what the device does at best.
  public var figure: Figure {
    let top = rates.flatMap(\.points).map(\.y).filter(\.isFinite).max() ?? 1
    return Figure(
      title: sweep.title,
      panels: [
        FigurePanel(
          title: "time", x: ChartAxis("\(sweep.amountLabel) of a run", scale: .logarithmic),
          y: ChartAxis("time (ms)", scale: .logarithmic), series: times),
        FigurePanel(
          title: "rate", x: ChartAxis(sweep.sizeLabel, scale: .logarithmic),
          y: ChartAxis(sweep.unit.rawValue, range: 0...max(top, 1e-9) * 1.06), series: rates),
      ], columns: 2)
  }

  /// Dashed and black.
  private static let proportionStyle = 13
  /// Dotted, in the colours of the curves.
  private static let limitStyle = 14

  private var times: [ChartSeries] {
    let measured = curves.enumerated().map { index, curve in
      ChartSeries(
        curve.device, points: curve.points.map { [sweep.amount(of: $0.work), $0.seconds * 1e3] }, hasMarkers: true,
        style: index)
    }
    return measured + [ChartSeries("in proportion", points: proportion, style: Self.proportionStyle)]
  }

  /// Times in proportion to the work, at the best rate of any curve.
  private var proportion: [SIMD2<Double>] {
    let points = curves.flatMap(\.points)
    let amounts = points.map { sweep.amount(of: $0.work) }
    guard let best = points.map({ $0.seconds / sweep.amount(of: $0.work) }).min(), let low = amounts.min(),
      let high = amounts.max()
    else { return [] }
    return [low, high].map { [$0, $0 * best * 1e3] }
  }

  private var rates: [ChartSeries] {
    let measured = curves.enumerated().map { index, curve in
      ChartSeries(
        curve.device, points: curve.points.map { [Double($0.size), curve.rate(of: $0)] }, hasMarkers: true,
        style: index)
    }
    let best = zip(curves, limits).enumerated().map { index, pair in
      ChartSeries("\(pair.0.device), limit", points: limit(pair.0, pair.1), style: Self.limitStyle + index)
    }
    return measured + best
  }

  /// What a device does at best, in the rate's unit: copies of what the point moves, or multiply-adds in registers.
  private func limit(_ curve: GrowthCurve, _ limits: DeviceLimits) -> [SIMD2<Double>] {
    curve.points.compactMap { point in
      let rate = sweep.unit == .bytes ? limits.bandwidth(moving: point.work.bytes) : limits.multiplyAddRate
      return rate.map { [Double(point.size), $0 * 1e-9] }
    }
  }
}
