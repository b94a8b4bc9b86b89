import Apus

/// Norms as layers have them: standardization over axes, a scale and a shift; and with their gradients.
struct NormBenchmark {
  let name: String
  let shape: Shape
  /// The axes that mean and variance are taken over.
  let axes: [Int]
  /// The shape of scale and shift.
  let parameters: Shape
  var isCentered = true
  var isQuick = false

  static let family = BenchmarkFamily("norm", "layer, RMS and batch norms, and with their gradients", of: all) {
    [$0.forward, $0.training]
  }

  private static let all = [
    NormBenchmark(name: "layer", shape: [768, 128], axes: [1], parameters: [128]),
    NormBenchmark(name: "layer", shape: [16384, 1024], axes: [1], parameters: [1024], isQuick: true),
    NormBenchmark(name: "rms", shape: [16384, 1024], axes: [1], parameters: [1024], isCentered: false),
    NormBenchmark(name: "batch", shape: [128, 16, 32, 32], axes: [0, 2, 3], parameters: [16, 1, 1], isQuick: true),
    NormBenchmark(name: "batch", shape: [128, 64, 8, 8], axes: [0, 2, 3], parameters: [64, 1, 1]),
  ]

  private var extents: String { shape.dimensions.map(String.init).joined(separator: "×") }

  private func result(_ graph: Graph) -> (x: Tensor, y: Tensor, parameters: [Tensor]) {
    let x = graph.input("x", shape)
    let scale = graph.input("scale", parameters)
    let shift = isCentered ? graph.input("shift", parameters) : nil
    let y = x.standardized(over: axes, epsilon: 1e-5, centering: isCentered, weight: scale, bias: shift).standardized
    return (x, y, [scale] + (shift.map { [$0] } ?? []))
  }

  /// Reads x and writes y.
  private var forward: KernelBenchmark {
    KernelBenchmark(
      "norm \(name) \(extents)", .moving(4 * (2 * shape.count + parameterCount * parameters.count)), isQuick: isQuick
    ) { [result($0).y] }
  }

  /// Reads x and y's gradient, writes y, x's gradient and the parameters'.
  private var training: KernelBenchmark {
    KernelBenchmark(
      "norm \(name)-training \(extents)", .moving(4 * (4 * shape.count + 2 * parameterCount * parameters.count)),
      isQuick: isQuick
    ) { graph in
      let (x, y, parameters) = result(graph)
      return [y] + y.gradients(with: [x] + parameters)
    }
  }

  private var parameterCount: Int { isCentered ? 2 : 1 }
}
