import Apus

/// Sums and maxima over axes.
struct ReductionBenchmark {
  let name: String
  let shape: Shape
  let axes: [Int]
  var isMaximum = false
  var isQuick = false

  static let family = BenchmarkFamily("reduction", "sums and maxima over axes", of: all) { $0.benchmark }

  private static let all = [
    ReductionBenchmark(name: "sum-rows", shape: [4096, 4096], axes: [1], isQuick: true),
    ReductionBenchmark(name: "sum-columns", shape: [4096, 4096], axes: [0], isQuick: true),
    ReductionBenchmark(name: "sum-all", shape: [4096, 4096], axes: [0, 1]),
    ReductionBenchmark(name: "max-rows", shape: [4096, 4096], axes: [1], isMaximum: true),
    // The gradient of a layer's bias, a batch norm's sums, and the mean over pixels before a classifier.
    ReductionBenchmark(name: "sum-columns", shape: [100, 200], axes: [0]),
    ReductionBenchmark(name: "sum-channels", shape: [128, 16, 32, 32], axes: [0, 2, 3], isQuick: true),
    ReductionBenchmark(name: "sum-pixels", shape: [128, 64, 8, 8], axes: [2, 3]),
  ]

  private var benchmark: KernelBenchmark {
    let extents = shape.dimensions.map(String.init).joined(separator: "×")
    let kept = shape.dimensions.indices.filter { !axes.contains($0) }.reduce(1) { $0 * shape[$1] }
    return KernelBenchmark(
      "reduction \(name) \(extents)", .moving(4 * (shape.count + kept)), isQuick: isQuick
    ) { graph in
      let x = graph.input("x", shape)
      return [isMaximum ? x.max(over: axes) : x.sum(over: axes)]
    }
  }
}
