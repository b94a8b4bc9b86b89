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

  /// Times runs that `wait` waits for.
  public func measure(
    _ run: () throws(DeviceError) -> Void, wait: () throws(DeviceError) -> Void
  ) throws(DeviceError) -> Measurement {
    var timer = try RoundTimer(self, run, wait: wait)
    repeat { try timer.timeRound(run, wait: wait) } while !timer.isDone
    return timer.measurement
  }

  /// Times a benchmark that is ready.
  public func measure(_ benchmark: PreparedBenchmark) throws(DeviceError) -> Measurement {
    try measure(benchmark.run, wait: benchmark.wait)
  }
}

/// Times rounds of the same runs, one when it is asked to, so that those of several benchmarks can alternate.
struct RoundTimer {
  private let plan: MeasurementPlan
  /// The runs of a round.
  private let runs: Int
  /// Seconds that all runs took, those that do not count included.
  private var spent: Double
  private var rounds: [Double] = []

  /// A queue that holds more launches than this slows some drivers down.
  private static let mostRuns = 20_000

  /// Finds how many runs fill a round.
  ///
  /// The first runs are not counted: they compile, touch memory for the first time and wake the processor.
  init(
    _ plan: MeasurementPlan, _ run: () throws(DeviceError) -> Void, wait: () throws(DeviceError) -> Void
  ) throws(DeviceError) {
    self.plan = plan
    var spent = try RoundTimer.seconds(of: 1, run, wait: wait)
    // Runs are doubled until they take long enough to tell how many fit a round.
    var runs = 1
    var time = try RoundTimer.seconds(of: runs, run, wait: wait)
    spent += time
    while time < plan.roundSeconds / 8, runs < RoundTimer.mostRuns {
      runs *= 2
      time = try RoundTimer.seconds(of: runs, run, wait: wait)
      spent += time
    }
    let filling = (plan.roundSeconds / max(time, 1e-9) * Double(runs)).rounded(.up)
    self.runs = min(max(Int(filling), 1), RoundTimer.mostRuns)
    self.spent = spent
  }

  /// Times one more round.
  mutating func timeRound(
    _ run: () throws(DeviceError) -> Void, wait: () throws(DeviceError) -> Void
  ) throws(DeviceError) {
    let time = try RoundTimer.seconds(of: runs, run, wait: wait)
    rounds.append(time / Double(runs))
    spent += time
  }

  /// Whether there are as many rounds as were planned, or no time for more.
  var isDone: Bool { rounds.count >= plan.rounds || (!rounds.isEmpty && spent > plan.limit) }

  /// The rounds so far, of which there has to be one.
  var measurement: Measurement { Measurement(rounds: rounds) }

  private static func seconds(
    of runs: Int, _ run: () throws(DeviceError) -> Void, wait: () throws(DeviceError) -> Void
  ) throws(DeviceError) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<runs { try run() }
    try wait()
    return start.duration(to: clock.now) / .seconds(1)
  }
}
