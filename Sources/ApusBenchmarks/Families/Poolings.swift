import Apus

/// Pooling of a model's images, and its gradient.
struct PoolingBenchmark {
  let shape: Shape
  let size: Int
  let stride: Int

  static let family = BenchmarkFamily("pool", "largest-element pooling, N×C×H×W, and its gradient", of: all) {
    [$0.forward, $0.gradient]
  }

  private static let all = [
    PoolingBenchmark(shape: [100, 32, 28, 28], size: 2, stride: 2),
    PoolingBenchmark(shape: [128, 64, 32, 32], size: 3, stride: 2),
    PoolingBenchmark(shape: [128, 64, 15, 15], size: 3, stride: 2),
  ]

  private var outputCount: Int {
    (2..<4).reduce(shape[0] * shape[1]) { $0 * ((shape[$1] - size) / stride + 1) }
  }

  private var suffix: String {
    shape.dimensions.map(String.init).joined(separator: "×") + " \(size)×\(size) stride \(stride)"
  }

  private func result(_ x: Tensor) -> Tensor { x.maxPool(size: [size, size], strides: [stride, stride]) }

  private var forward: KernelBenchmark {
    KernelBenchmark("pool max \(suffix)", .moving(4 * (shape.count + outputCount))) { [result($0.input("x", shape))] }
  }

  /// Reads the input and the result's gradient, writes the input's gradient.
  private var gradient: KernelBenchmark {
    KernelBenchmark("pool max-gradient \(suffix)", .moving(4 * (2 * shape.count + outputCount))) { graph in
      let x = graph.input("x", shape)
      return result(x).gradients(with: [x])
    }
  }
}
