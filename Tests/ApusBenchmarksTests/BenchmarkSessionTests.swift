import Apus
import ApusBenchmarks
import Foundation
import Synchronization
import Testing

@Suite struct BenchmarkSessionTests {
  /// What was run, in order.
  private final class Log: Sendable {
    private let names = Mutex<[String]>([])

    var entries: [String] { names.withLock { $0 } }

    func append(_ name: String) -> Int {
      names.withLock {
        $0.append(name)
        return $0.count { $0 == name }
      }
    }
  }

  private static let work = Work(operations: 100, bytes: 100, unit: .operations)

  /// A benchmark whose runs are logged, and of which one may fail.
  private func benchmark(_ name: String, in log: Log, failingRun: Int? = nil) -> KernelBenchmark {
    KernelBenchmark(name, BenchmarkSessionTests.work) { backend in
      PreparedBenchmark(BenchmarkSessionTests.work, program: nil, on: backend) { () throws(DeviceError) in
        if log.append(name) == failingRun { throw DeviceError("\(name) fails") }
      }
    }
  }

  /// A session whose benchmarks run twice before they count, and once in a round.
  private func session(rounds: Int, limit: Double = .infinity) throws -> BenchmarkSession {
    BenchmarkSession(
      backend: try Device.processor(), plan: MeasurementPlan(rounds: rounds, roundSeconds: 0, limit: 10), limit: limit)
  }

  @Test func roundsAlternate() throws {
    let log = Log()
    let outcomes = try session(rounds: 3).runInTurn(["a", "b"].map { benchmark($0, in: log) }, limits: nil)
    #expect(log.entries == ["a", "a", "b", "b", "a", "b", "a", "b", "a", "b"])
    #expect(try outcomes.map { try $0.result.get().measurement.rounds.count } == [3, 3])
    #expect(outcomes.map(\.benchmark.name) == ["a", "b"])
  }

  @Test func aFailureEndsOneBenchmarkAlone() throws {
    let log = Log()
    let outcomes = try session(rounds: 3).runInTurn(
      [benchmark("a", in: log, failingRun: 4), benchmark("b", in: log)], limits: nil)
    #expect(log.entries == ["a", "a", "b", "b", "a", "b", "a", "b", "b"])
    guard case .failure(let error) = outcomes[0].result else { throw DeviceError("a failure was expected") }
    #expect(error.message == "a fails")
    #expect(try outcomes[1].result.get().measurement.rounds.count == 3)
  }

  @Test func whenTimeIsOutWhatIsReadyHasOneRound() throws {
    let log = Log()
    let slow = KernelBenchmark("slow", BenchmarkSessionTests.work) { backend in
      PreparedBenchmark(BenchmarkSessionTests.work, program: nil, on: backend) { () throws(DeviceError) in
        _ = log.append("slow")
        Thread.sleep(forTimeInterval: 0.6)
      }
    }
    let outcomes = try session(rounds: 5, limit: 1).runInTurn([slow, benchmark("b", in: log)], limits: nil)
    #expect(log.entries == ["slow", "slow", "slow"])
    #expect(try outcomes[0].result.get().measurement.rounds.count == 1)
    guard case .failure(let error) = outcomes[1].result else { throw DeviceError("a failure was expected") }
    #expect(error.message == "out of time")
  }
}
