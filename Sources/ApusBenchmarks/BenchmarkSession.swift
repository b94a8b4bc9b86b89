import Apus

/// Benchmarks run one after the other on a device, within a limit of time.
public struct BenchmarkSession {
  /// The device.
  public let backend: any Backend
  /// How each is timed.
  public let plan: MeasurementPlan
  private let end: ContinuousClock.Instant

  /// A session that begins now.
  ///
  /// - Parameters:
  ///   - backend: the device.
  ///   - plan: how each benchmark is timed.
  ///   - limit: after this many seconds no further benchmark is begun.
  public init(backend: any Backend, plan: MeasurementPlan = MeasurementPlan(), limit: Double = .infinity) {
    self.backend = backend
    self.plan = plan
    end = .now + .seconds(min(limit, 1e6))
  }

  /// What the device does at best.
  public func measureLimits() throws -> DeviceLimits { try DeviceLimits.measured(on: backend) }

  /// Times a benchmark, or says why it cannot be: a device that lacks the memory for one may well run the others.
  ///
  /// - Parameter limits: what the figure is compared with; nil where they were not measured.
  public func run(_ benchmark: KernelBenchmark, limits: DeviceLimits?) throws -> BenchmarkOutcome {
    guard .now < end else { return BenchmarkOutcome(benchmark: benchmark, result: .failure(.init("out of time"))) }
    do {
      let prepared = try benchmark.prepare(on: backend)
      let measurement = try plan.measure(prepared)
      let figure = BenchmarkFigure(
        work: prepared.work, value: prepared.work.figure(seconds: measurement.median), unit: prepared.work.unit,
        measurement: measurement,
        share: limits?.share(of: prepared.work, seconds: measurement.median))
      return BenchmarkOutcome(benchmark: benchmark, result: .success(figure))
    } catch let error as DeviceError {
      return BenchmarkOutcome(benchmark: benchmark, result: .failure(error))
    } catch let error as TrainingError {
      return BenchmarkOutcome(benchmark: benchmark, result: .failure(.init("\(error)")))
    }
  }
}

/// What came of a benchmark.
public struct BenchmarkOutcome {
  /// What was measured.
  public let benchmark: KernelBenchmark
  /// The figure, or why there is none.
  public let result: Result<BenchmarkFigure, DeviceError>
}

/// A benchmark's figure.
public struct BenchmarkFigure: Sendable {
  /// What one run did.
  public let work: Work
  /// The figure, in its unit.
  public let value: Double
  /// The unit.
  public let unit: Work.Unit
  /// The times behind it.
  public let measurement: Measurement
  /// How near it is to what the device's limits allow; nil where they say nothing.
  public let share: Double?
}
