import Apus

/// Formulas over corresponding elements, each fused into one launch.
enum PointwiseBenchmarks {
  static let family = BenchmarkFamily(
    "pointwise", "fused formulas over corresponding elements", of: sizes.flatMap(benchmarks)
  ) { $0 }

  /// A batch's activations, and what no cache holds.
  private static let sizes: [(rows: Int, columns: Int)] = [(128, 1024), (16384, 1024)]

  private static func benchmarks(rows: Int, columns: Int) -> [KernelBenchmark] {
    let shape: Shape = [rows, columns]
    let count = shape.count
    /// A chain of so many operands and one result of the shape; `extra` elements are read besides.
    func chain(
      _ name: String, operands: Int, extra: Int = 0, isQuick: Bool = false,
      _ formula: @escaping @Sendable (Graph, [Tensor]) -> Tensor
    ) -> KernelBenchmark {
      KernelBenchmark(
        "pointwise \(name) \(rows)×\(columns)", .moving(4 * (count * (operands + 1) + extra)), isQuick: isQuick
      ) { graph in
        [formula(graph, (0..<operands).map { graph.input("x\($0)", shape) })]
      }
    }
    return [
      chain("add", operands: 2, isQuick: true) { _, x in x[0] + x[1] },
      chain("bias-relu", operands: 1, extra: columns, isQuick: true) { graph, x in
        relu(x[0] + graph.input("bias", [columns]))
      },
      chain("gelu", operands: 1, isQuick: true) { _, x in Activation.gelu(x[0]) },
      chain("sigmoid-gradient", operands: 2) { _, x in x[1] * (x[0] * (1 - x[0])) },
      // (x − mean) · scale · weight + bias, and a rectifier: what follows a norm's sums.
      chain("normalize", operands: 1, extra: 2 * rows + 2 * columns) { graph, x in
        relu(
          (x[0] - graph.input("mean", [rows, 1])) * graph.input("scale", [rows, 1]) * graph.input("weight", [columns])
            + graph.input("bias", [columns]))
      },
      chain("residual-chain", operands: 4) { _, x in
        tanh(x[0] * 0.5 + x[1]) * sigmoid(x[2]) + x[3] * relu(x[0])
      },
      chain("transpose", operands: 1) { _, x in x[0].transposed() },
    ]
  }
}
