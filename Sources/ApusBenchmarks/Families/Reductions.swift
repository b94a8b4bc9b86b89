import Apus

/// Sums and maxima over axes.
struct ReductionBenchmark {
  let name: String
  let shape: Shape
  let axes: [Int]
  var kind = Kind.sum
  var isQuick = false

  /// What is reduced.
  enum Kind {
    case sum, maximum
    /// The two sums of a norm's gradient, of the gradient and of it times what was standardized.
    case norm
  }

  static let family = BenchmarkFamily("reduction", "sums and maxima over axes", of: all) { $0.benchmark }

  private static let all = [
    ReductionBenchmark(name: "sum-rows", shape: [4096, 4096], axes: [1], isQuick: true),
    ReductionBenchmark(name: "sum-columns", shape: [4096, 4096], axes: [0], isQuick: true),
    ReductionBenchmark(name: "sum-all", shape: [4096, 4096], axes: [0, 1]),
    ReductionBenchmark(name: "max-rows", shape: [4096, 4096], axes: [1], kind: .maximum),
    // The gradient of a layer's bias, a batch norm's sums, and the mean over pixels before a classifier.
    ReductionBenchmark(name: "sum-columns", shape: [100, 200], axes: [0]),
    ReductionBenchmark(name: "sum-channels", shape: [128, 16, 32, 32], axes: [0, 2, 3], isQuick: true),
    ReductionBenchmark(
      name: "norm-channels", shape: [128, 16, 32, 32], axes: [0, 2, 3], kind: .norm, isQuick: true),
    ReductionBenchmark(name: "norm-channels", shape: [128, 64, 8, 8], axes: [0, 2, 3], kind: .norm),
    ReductionBenchmark(name: "norm-rows", shape: [12, 64, 128], axes: [2], kind: .norm),
    ReductionBenchmark(name: "sum-pixels", shape: [128, 64, 8, 8], axes: [2, 3]),
  ]

  private var benchmark: KernelBenchmark {
    let extents = shape.dimensions.map(String.init).joined(separator: "×")
    let kept = Shape(shape.dimensions.indices.map { axes.contains($0) ? 1 : shape[$0] })
    // A norm reads two tensors, mean and scale, and writes two sums.
    let moved = kind == .norm ? 2 * shape.count + 4 * kept.count : shape.count + kept.count
    return KernelBenchmark("reduction \(name) \(extents)", .moving(4 * moved), isQuick: isQuick) { graph in
      let x = graph.input("x", shape)
      switch kind {
      case .sum: return [x.sum(over: axes)]
      case .maximum: return [x.max(over: axes)]
      case .norm:
        let (g, mean, scale) = (graph.input("g", shape), graph.input("mean", kept), graph.input("scale", kept))
        let projection = pointwise(x, mean, scale, g) { ($0[0] - $0[1]) * $0[2] * $0[3] }
        return [g.sum(over: axes), projection.sum(over: axes)]
      }
    }
  }
}
