import Apus

/// The times of one benchmark.
public struct Measurement: Sendable {
  /// Seconds of one run, for each round, ascending.
  public let rounds: [Double]

  /// The times of one round or more.
  public init(rounds: [Double]) { self.rounds = rounds.sorted() }

  /// Seconds of one run in the middle round.
  public var median: Double { rounds[rounds.count / 2] }

  /// How far the middle half of the rounds lies apart, as a part of the median.
  public var spread: Double { (rounds[rounds.count * 3 / 4] - rounds[rounds.count / 4]) / median }
}

/// How a benchmark is timed.
public struct MeasurementPlan: Sendable {
  /// How many rounds are timed; the median counts.
  public var rounds: Int
  /// What a round takes at least, in seconds; as many runs as that needs are submitted before they are waited for.
  public var roundSeconds: Double
  /// After this many seconds no further round is begun.
  public var limit: Double

  /// A plan; by default 7 rounds of at least 50 milliseconds, and 3 seconds altogether.
  public init(rounds: Int = 7, roundSeconds: Double = 0.05, limit: Double = 3) {
    self.rounds = max(rounds, 1)
    self.roundSeconds = roundSeconds
    self.limit = limit
  }

  /// A queue that holds more launches than this slows some drivers down.
  private static let mostRuns = 20_000

  /// Times runs that `wait` waits for.
  ///
  /// The first runs are not counted: they compile, touch memory for the first time and wake the processor.
  public func measure(
    _ run: () throws(DeviceError) -> Void, wait: () throws(DeviceError) -> Void
  ) throws(DeviceError) -> Measurement {
    let clock = ContinuousClock()
    func seconds(_ runs: Int) throws(DeviceError) -> Double {
      let start = clock.now
      for _ in 0..<runs { try run() }
      try wait()
      return start.duration(to: clock.now) / .seconds(1)
    }
    let start = clock.now
    _ = try seconds(1)
    // Runs are doubled until they take long enough to tell how many fit a round.
    var runs = 1
    var time = try seconds(runs)
    while time < roundSeconds / 8, runs < MeasurementPlan.mostRuns {
      runs *= 2
      time = try seconds(runs)
    }
    runs = min(max(Int((roundSeconds / max(time, 1e-9) * Double(runs)).rounded(.up)), 1), MeasurementPlan.mostRuns)
    var times: [Double] = []
    while times.count < rounds {
      times.append(try seconds(runs) / Double(runs))
      if start.duration(to: clock.now) / .seconds(1) > limit { break }
    }
    return Measurement(rounds: times)
  }

  /// Times a benchmark that is ready.
  public func measure(_ benchmark: PreparedBenchmark) throws(DeviceError) -> Measurement {
    try measure(benchmark.run, wait: benchmark.wait)
  }
}
