import Apus
import Foundation

/// A sweep's times on one device.
public struct GrowthCurve: Sendable {
  /// The time at one size.
  public struct Point: Sendable, Hashable {
    /// The size.
    public let size: Int
    /// What was done in that time.
    public let work: Work
    /// Seconds of one run.
    public let seconds: Double
    /// How far the middle half of the rounds lies apart, as a part of the time.
    public let spread: Double
    /// How near the time is to what the device's limits allow; nil where they say nothing.
    public let share: Double?

    /// A time as found.
    public init(size: Int, work: Work, seconds: Double, spread: Double = 0, share: Double? = nil) {
      self.size = size
      self.work = work
      self.seconds = seconds
      self.spread = spread
      self.share = share
    }
  }

  /// What was timed.
  public let sweep: GrowthSweep
  /// What the device is called.
  public let device: String
  /// The sizes that could be timed, ascending.
  public private(set) var points: [Point] = []
  /// Why the others could not, by size.
  public private(set) var failures: [(size: Int, error: DeviceError)] = []

  /// A curve without points yet.
  public init(_ sweep: GrowthSweep, device: String) {
    self.sweep = sweep
    self.device = device
  }

  /// Adds the time of a size above all others.
  public mutating func add(_ point: Point) { points.append(point) }

  /// Adds what came of the benchmark of a size above all others.
  public mutating func add(_ outcome: BenchmarkOutcome, at size: Int) {
    switch outcome.result {
    case .success(let figure):
      add(
        Point(
          size: size, work: figure.work, seconds: figure.measurement.median, spread: figure.measurement.spread,
          share: figure.share))
    case .failure(let error): failures.append((size, error))
    }
  }

  /// Billions of operations, or bytes, a second.
  public func rate(of point: Point) -> Double { sweep.amount(of: point.work) / point.seconds * 1e-9 }

  /// How fast the time grows with the work from the point before: d log time / d log amount. 1 is in proportion, less is
  /// growth into more efficient sizes; nil for the first point, and where the work does not grow.
  public func exponent(at index: Int) -> Double? {
    guard index > 0 else { return nil }
    return exponent(from: points[index - 1], to: points[index])
  }

  /// The exponent from the first point to the last.
  public var overallExponent: Double? {
    guard let first = points.first, let last = points.last else { return nil }
    return exponent(from: first, to: last)
  }

  /// The largest exponent between neighbours and the size that it leads to.
  public var largestExponent: (size: Int, value: Double)? {
    points.indices.compactMap { index in exponent(at: index).map { (points[index].size, $0) } }.max { $0.1 < $1.1 }
  }

  private func exponent(from a: Point, to b: Point) -> Double? {
    let growth = log(sweep.amount(of: b.work) / sweep.amount(of: a.work))
    return growth > 0 && growth.isFinite ? log(b.seconds / a.seconds) / growth : nil
  }
}

extension BenchmarkSession {
  /// Times a sweep, its sizes in turn.
  ///
  /// - Parameters:
  ///   - device: what the device is called in the result.
  ///   - progress: gets each size before it is readied.
  public func run(
    _ sweep: GrowthSweep, device: String, limits: DeviceLimits, progress: (Int) -> Void = { _ in }
  ) throws -> GrowthCurve {
    let outcomes = try runInTurn(sweep.points.map(\.benchmark), limits: limits) { progress(sweep.points[$0].size) }
    var curve = GrowthCurve(sweep, device: device)
    for (point, outcome) in zip(sweep.points, outcomes) { curve.add(outcome, at: point.size) }
    return curve
  }
}
