import Apus

extension GrowthSweep {
  /// The registry: every sweep, one row each.
  public static let all = [
    GrowthSweep("product", "matrix product, N×N×N", over: "N", doubling(64, through: 4096)) {
      MatrixProductBenchmark(m: $0, n: $0, k: $0).benchmark
    },
    GrowthSweep(
      "update", "update by Adam", over: "parameters", (0..<8).map { 4096 << (2 * $0) }, unit: .bytes
    ) { UpdateBenchmark(kind: .adam, count: $0).benchmark },
    GrowthSweep("mlp-batch", "step of mlp 784-200-200-10", over: "samples in a batch", doubling(8, through: 1024)) {
      TrainingStep.perceptron(batchSize: $0).benchmark
    },
    GrowthSweep("mlp-width", "step of mlp 784-N-N-10, batch 100", over: "width N", doubling(32, through: 2048)) {
      TrainingStep.perceptron(width: $0).benchmark
    },
    GrowthSweep(
      "mlp-depth", "step of mlp, hidden layers of 200, batch 100", over: "hidden layers", doubling(1, through: 32)
    ) { TrainingStep.perceptron(depth: $0).benchmark },
    GrowthSweep("cnn-batch", "step of cnn, 28×28", over: "samples in a batch", doubling(8, through: 512)) { size in
      TrainingStep(model: .cnn, batchSize: size, samples: .pictures(channels: 1, side: 28)).benchmark
    },
    GrowthSweep(
      "gpt-width", "step of gpt, 4 layers, heads of 32, context 64, batch 12", over: "width", doubling(32, through: 512)
    ) { TrainingStep.transformer(width: $0).benchmark },
    GrowthSweep(
      "gpt-depth", "step of gpt, width 128, context 64, batch 12", over: "layers", doubling(1, through: 16)
    ) { TrainingStep.transformer(depth: $0).benchmark },
    GrowthSweep(
      "gpt-context", "step of gpt, 4 layers of 128, batch 12", over: "context (tokens)", doubling(16, through: 512)
    ) { TrainingStep.transformer(context: $0).benchmark },
  ]

  /// The sweeps of these names, in the registry's order; all of them where there are no names.
  ///
  /// - Throws: `UnknownSweep` for a name that no sweep has.
  public static func named(_ names: [String]) throws(UnknownSweep) -> [GrowthSweep] {
    for name in names where !all.contains(where: { $0.name == name }) { throw UnknownSweep(name: name) }
    return names.isEmpty ? all : all.filter { names.contains($0.name) }
  }

  private static func doubling(_ first: Int, through last: Int) -> [Int] {
    Array(sequence(first: first) { 2 * $0 <= last ? 2 * $0 : nil })
  }
}

/// A name that no sweep has.
public struct UnknownSweep: Error, Sendable, CustomStringConvertible {
  /// What was asked for.
  public let name: String

  public var description: String {
    let names = GrowthSweep.all.map(\.name)
    let nearest = nearestName(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
    return "there is no sweep '\(name)'; \(nearest)there are \(names.joined(separator: ", "))"
  }
}

extension TrainingStep {
  /// The perceptron of the step `mlp` with another batch, width or depth.
  fileprivate static func perceptron(batchSize: Int = 100, width: Int = 200, depth: Int = 2) -> TrainingStep {
    TrainingStep(model: .mlp, batchSize: batchSize, samples: .pictures(channels: 1, side: 28)) {
      $0.hidden = [Int](repeating: width, count: depth)
    }
  }

  /// The transformer of the step `gpt` with another width, depth or context; its heads keep their width of 32.
  fileprivate static func transformer(width: Int = 128, depth: Int = 4, context: Int = 64) -> TrainingStep {
    TrainingStep(model: .gpt, batchSize: 12, samples: .text) {
      $0.width = width
      $0.heads = width / 32
      $0.depth = depth
      $0.context = context
    }
  }
}
