import Apus

/// Scaled dot-product attention, alone and together with its gradient.
struct AttentionBenchmark {
  let shape: AttentionShape
  var isQuick = false

  static let family = BenchmarkFamily("attention", "attention, B×T×H×D, and with its gradient", of: all) {
    [$0.forward, $0.training]
  }

  private static let all = [
    AttentionBenchmark(shape: .init(batch: 12, length: 64, heads: 4, width: 32, isCausal: true), isQuick: true),
    AttentionBenchmark(shape: .init(batch: 4, length: 512, heads: 8, width: 64, isCausal: true), isQuick: true),
    AttentionBenchmark(shape: .init(batch: 4, length: 512, heads: 8, width: 64, isCausal: false)),
    AttentionBenchmark(shape: .init(batch: 1, length: 2048, heads: 8, width: 64, isCausal: true)),
  ]

  private var extents: String {
    "\(shape.batch)×\(shape.length)×\(shape.heads)×\(shape.width)" + (shape.isCausal ? " causal" : "")
  }

  private var forward: KernelBenchmark {
    KernelBenchmark(
      "attention forward \(extents)",
      .computing(shape.operationCount, bytes: 4 * (shape.packedShape.count + shape.resultShape.count)),
      isQuick: isQuick
    ) { graph in [attention(graph.input("x", shape.packedShape), isCausal: shape.isCausal)] }
  }

  private var training: KernelBenchmark {
    KernelBenchmark(
      "attention training \(extents)",
      .computing(
        shape.operationCount + shape.gradientOperationCount,
        bytes: 4 * (2 * shape.packedShape.count + 2 * shape.resultShape.count)),
      isQuick: isQuick
    ) { graph in
      let x = graph.input("x", shape.packedShape)
      let y = attention(x, isCausal: shape.isCausal)
      return [y] + y.gradients(with: [x])
    }
  }
}

extension AttentionShape {
  /// Pairs of positions of which one attends to the other, over all sequences and heads.
  private var pairs: Int { batch * heads * (isCausal ? length * (length + 1) / 2 : length * length) }

  /// Additions and multiplications of the two products of a forward pass; the softmax is not counted.
  var operationCount: Int { 2 * 2 * pairs * width }

  /// Additions and multiplications of a backward pass: the weights computed anew, and two products for each of forward's.
  var gradientOperationCount: Int { 2 * 5 * pairs * width }
}
