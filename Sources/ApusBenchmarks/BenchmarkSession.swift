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
    try runInTurn([benchmark], limits: limits)[0]
  }

  /// Times benchmarks that are held ready together and take a round each in turn, so that a moment in which the machine is
  /// slow, which may last a second, costs each of them a round instead of one of them most of its rounds.
  ///
  /// - Parameters:
  ///   - limits: what the figures are compared with; nil where they were not measured.
  ///   - progress: gets each benchmark's index before it is readied, which on a device that compiles takes longest.
  /// - Returns: an outcome for each benchmark.
  public func runInTurn(
    _ benchmarks: [KernelBenchmark], limits: DeviceLimits?, progress: (Int) -> Void = { _ in }
  ) throws -> [BenchmarkOutcome] {
    var candidates: [Result<Candidate, DeviceError>] = []
    for (index, benchmark) in benchmarks.enumerated() {
      progress(index)
      candidates.append(
        try failing {
          guard .now < end else { throw DeviceError("out of time") }
          return try Candidate(benchmark, on: backend, plan)
        })
    }
    // Each has one round, whatever the time.
    repeat {
      for index in candidates.indices {
        guard case .success(var candidate) = candidates[index], !candidate.timer.isDone else { continue }
        candidates[index] = try failing {
          try candidate.timeRound()
          return candidate
        }
      }
    } while .now < end && candidates.contains { $0.isUnfinished }
    return zip(benchmarks, candidates).map { benchmark, candidate in
      BenchmarkOutcome(benchmark: benchmark, result: candidate.map { $0.figure(limits) })
    }
  }

  /// What `body` gives, or why the device could not do it.
  private func failing(_ body: () throws -> Candidate) throws -> Result<Candidate, DeviceError> {
    do {
      return .success(try body())
    } catch let error as DeviceError {
      return .failure(error)
    } catch let error as TrainingError {
      return .failure(.init("\(error)"))
    }
  }
}

/// A benchmark that is ready, and its rounds so far.
private struct Candidate {
  let prepared: PreparedBenchmark
  private(set) var timer: RoundTimer

  init(_ benchmark: KernelBenchmark, on backend: any Backend, _ plan: MeasurementPlan) throws {
    prepared = try benchmark.prepare(on: backend)
    timer = try RoundTimer(plan, prepared.run, wait: prepared.wait)
  }

  mutating func timeRound() throws(DeviceError) { try timer.timeRound(prepared.run, wait: prepared.wait) }

  func figure(_ limits: DeviceLimits?) -> BenchmarkFigure {
    let (work, measurement) = (prepared.work, timer.measurement)
    return BenchmarkFigure(
      work: work, value: work.figure(seconds: measurement.median), unit: work.unit, measurement: measurement,
      share: limits?.share(of: work, seconds: measurement.median))
  }
}

extension Result where Success == Candidate {
  fileprivate var isUnfinished: Bool {
    if case .success(let candidate) = self { !candidate.timer.isDone } else { false }
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
