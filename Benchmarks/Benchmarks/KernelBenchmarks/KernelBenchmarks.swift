import Apus
import ApusBenchmarks
import Benchmark
import Foundation

/// The registry's benchmarks on the device that `APUS_DEVICE` names, the processor by default: the quick selection, or
/// with `APUS_BENCHMARKS=all` every one of them.
///
/// An iteration submits as many runs as its scale says and waits for them; figures are for one run.
let benchmarks: @Sendable () -> Void = {
  let environment = ProcessInfo.processInfo.environment
  let chosen = environment["APUS_BENCHMARKS"] == "all" ? KernelBenchmark.all : KernelBenchmark.quick
  let selection = environment["APUS_DEVICE"] ?? "cpu"

  for kernel in chosen {
    // What takes microseconds is repeated within an iteration, so that reading the clock does not count.
    let isShort = kernel.work.unit != .steps && kernel.work.operations < 1e8 && kernel.work.bytes < 1e7
    Benchmark(
      kernel.name,
      configuration: .init(
        metrics: [.wallClock, .throughput], scalingFactor: isShort ? .kilo : .one, maxDuration: .seconds(1),
        maxIterations: 10_000)
    ) { (benchmark: Benchmark, prepared: PreparedBenchmark) throws in
      for _ in benchmark.scaledIterations { try prepared.run() }
      try prepared.wait()
    } setup: { () throws in
      try kernel.prepare(on: try Device.open(selection).backend)
    }
  }
}
