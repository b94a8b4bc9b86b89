import Apus

/// What the smallest launch costs: submitted behind others, and waited for by itself.
enum LaunchBenchmarks {
  static let family = BenchmarkFamily(
    "launch", "the time of a launch that does next to nothing", of: [false, true].map(benchmark)
  ) { $0 }

  private static func benchmark(isAwaited: Bool) -> KernelBenchmark {
    let work = Work(operations: 0, bytes: 0, unit: .latency)
    return KernelBenchmark("launch \(isAwaited ? "awaited" : "submitted")", work, isQuick: true) { backend in
      let graph = Graph()
      let output = ProgramOutput(graph.input("x", [16]) + 1, to: .init(buffer: "y"))
      let prepared = try PreparedBenchmark(work, try compile(graph, outputs: [output]), on: backend)
      guard isAwaited else { return prepared }
      return PreparedBenchmark(work, program: prepared.program, on: backend) { () throws(DeviceError) in
        try prepared.run()
        try prepared.wait()
      }
    }
  }
}
