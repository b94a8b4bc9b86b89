import Apus

/// A product of two matrices, as networks and their gradients take it.
struct MatrixProductBenchmark {
  let m: Int
  let n: Int
  let k: Int
  /// Which operands are stored transposed: `NN`, `NT` (a linear layer), `TN` (its weights' gradient) or `TT`.
  var storage = Storage.nn
  var isQuick = false

  enum Storage: String {
    case nn = "NN"
    case nt = "NT"
    case tn = "TN"
    case tt = "TT"
  }

  static let family = BenchmarkFamily("product", "matrix products, M×N×K", of: squares + transposed + layers) {
    $0.benchmark
  }

  private static let squares = [64, 128, 256, 512, 1024, 2048, 4096].map { side in
    MatrixProductBenchmark(m: side, n: side, k: side, isQuick: [512, 1024, 2048].contains(side))
  }

  private static let transposed = [Storage.nt, .tn, .tt].flatMap { storage in
    [512, 1024].map { MatrixProductBenchmark(m: $0, n: $0, k: $0, storage: storage) }
  }

  /// The forward product of a linear layer, its weights' gradient and its input's, for the layers of the models.
  private static let layers: [MatrixProductBenchmark] =
    layer(batch: 100, inputs: 784, outputs: 200, isQuick: true)
    + layer(batch: 100, inputs: 200, outputs: 200)
    + layer(batch: 100, inputs: 200, outputs: 10)
    + layer(batch: 100, inputs: 784, outputs: 500)
    + layer(batch: 100, inputs: 3136, outputs: 128)
    + layer(batch: 128, inputs: 1152, outputs: 1000)
    + layer(batch: 768, inputs: 128, outputs: 384)
    + layer(batch: 768, inputs: 128, outputs: 512)
    + layer(batch: 768, inputs: 128, outputs: 65)

  private static func layer(
    batch: Int, inputs: Int, outputs: Int, isQuick: Bool = false
  ) -> [MatrixProductBenchmark] {
    [
      MatrixProductBenchmark(m: batch, n: outputs, k: inputs, storage: .nt, isQuick: isQuick),
      MatrixProductBenchmark(m: outputs, n: inputs, k: batch, storage: .tn, isQuick: isQuick),
      MatrixProductBenchmark(m: batch, n: inputs, k: outputs, storage: .nn, isQuick: isQuick),
    ]
  }

  var benchmark: KernelBenchmark {
    KernelBenchmark(
      "product \(m)×\(n)×\(k) \(storage.rawValue)",
      .computing(2 * m * n * k, bytes: 4 * (m * k + k * n + m * n)), isQuick: isQuick
    ) { graph in
      let transposesLeft = storage == .tn || storage == .tt
      let transposesRight = storage == .nt || storage == .tt
      let a = graph.input("a", transposesLeft ? [k, m] : [m, k])
      let b = graph.input("b", transposesRight ? [n, k] : [k, n])
      return [matrixProduct(a, b, transposingLeft: transposesLeft, transposingRight: transposesRight)]
    }
  }
}
