import Apus

/// Row-wise probabilities, their logarithms' sums, and the loss over them.
enum SoftmaxBenchmarks {
  static let family = BenchmarkFamily(
    "softmax", "softmax, log-sum-exp and cross-entropy along rows", of: sizes.flatMap(benchmarks)
  ) { $0 }

  /// A classifier's batch, a small language model's, a large vocabulary's, and long rows.
  private static let sizes: [(rows: Int, columns: Int)] = [(100, 10), (768, 65), (256, 32768), (8192, 1024)]

  private static func benchmarks(rows: Int, columns: Int) -> [KernelBenchmark] {
    let count = rows * columns
    let suffix = "\(rows)×\(columns)"
    let isQuick = rows == 8192
    return [
      KernelBenchmark("softmax rows \(suffix)", .moving(4 * 2 * count), isQuick: isQuick) { graph in
        [graph.input("x", [rows, columns]).softmax()]
      },
      KernelBenchmark("softmax log-sum-exp \(suffix)", .moving(4 * (count + rows)), isQuick: isQuick) { graph in
        [graph.input("x", [rows, columns]).logSumExp()]
      },
      KernelBenchmark(
        "softmax cross-entropy \(suffix)", .moving(4 * (count + 2 * rows)), indices: ["labels": columns]
      ) { graph in
        [softmaxCrossEntropy(graph.input("x", [rows, columns]), labels: graph.input("labels", [rows], .int32))]
      },
      KernelBenchmark(
        "softmax cross-entropy-gradient \(suffix)", .moving(4 * (2 * count + 2 * rows)), isQuick: isQuick,
        indices: ["labels": columns]
      ) { graph in
        let x = graph.input("x", [rows, columns])
        return softmaxCrossEntropy(x, labels: graph.input("labels", [rows], .int32)).gradients(with: [x])
      },
    ]
  }
}
