import Apus

/// An optimizer's update of all parameters.
struct UpdateBenchmark {
  let kind: OptimizerKind
  let count: Int

  static let family = BenchmarkFamily(
    "update", "each optimizer's update of N parameters",
    of: OptimizerKind.allCases.flatMap { kind in counts.map { UpdateBenchmark(kind: kind, count: $0) } }
  ) { $0.benchmark }

  private static let counts = [10_000, 100_000, 1_000_000, 10_000_000, 50_000_000]

  var benchmark: KernelBenchmark {
    // Read: parameter, gradient and states; written: parameter and states.
    let work = Work.moving(4 * count * (3 + 2 * kind.type.stateNames.count))
    let isQuick = [.adam, .amsbound].contains(kind) && [10_000, 1_000_000, 10_000_000].contains(count)
    return KernelBenchmark("update \(kind.rawValue) \(count)", work, isQuick: isQuick) { backend in
      let graph = Graph()
      _ = graph.parameter("weights", [count])
      let program = try compile(
        graph, update: .init(optimizer: kind.type), maximumBufferSize: backend.maximumBufferSize)
      let values = try kind.make().uniforms(step: 100, learningRate: 1e-6, initialLearningRate: 1e-6).values
      return try PreparedBenchmark(
        work, program, arguments: StepArguments(uniforms: Uniforms { Float(values[$0]) }), on: backend)
    }
  }
}
