import ApusExpression
import ApusGraph
import Testing

import ApusCompiler

/// When a cross-entropy and its gradient are one launch.
@Suite struct SiblingLossTests {
  /// The cross-entropies of a program whose outputs are computed from 5 rows of 7 logits.
  private func losses(
    _ outputs: (_ logits: Tensor, _ labels: Tensor) -> [Tensor]
  ) throws -> [CrossEntropyKernel] {
    let graph = Graph()
    let logits = pointwise(graph.input("x", [5, 7])) { $0[0] * 3 }
    let results = outputs(logits, graph.input("labels", [5], .int32))
    let named = results.enumerated().map { ProgramOutput($1, to: .init(buffer: "y\($0)")) }
    return try compile(graph, outputs: named).instructions.compactMap {
      if case .softmaxCrossEntropy(let kernel) = $0.kernel { kernel } else { nil }
    }
  }

  @Test func aLossAndItsGradientAreOneLaunch() throws {
    let mean = try losses { x, labels in
      let loss = softmaxCrossEntropy(x, labels: labels).mean()
      return [loss] + gradient(of: loss, with: [x])
    }
    #expect(mean == [CrossEntropyKernel(rows: 5, columns: 7, hasLosses: true, upstream: .constant(0.2))])

    let weighted = try losses { x, labels in
      let loss = (softmaxCrossEntropy(x, labels: labels) * x.graph.input("w", [5])).sum()
      return [loss] + gradient(of: loss, with: [x])
    }
    #expect(weighted == [CrossEntropyKernel(rows: 5, columns: 7, hasLosses: true, upstream: .operand)])
  }

  @Test func whatIsNotWantedIsNotComputed() throws {
    let loss = try losses { x, labels in [softmaxCrossEntropy(x, labels: labels)] }
    #expect(loss == [CrossEntropyKernel(rows: 5, columns: 7, hasLosses: true, upstream: nil)])
    let gradients = try losses { x, labels in
      gradient(of: softmaxCrossEntropy(x, labels: labels).sum(), with: [x])
    }
    #expect(gradients == [CrossEntropyKernel(rows: 5, columns: 7, hasLosses: false, upstream: .constant(1))])
  }

  /// The gradient of a squared loss is multiplied by the loss: it cannot be computed before.
  @Test func aGradientWaitsForItsUpstream() throws {
    let kernels = try losses { x, labels in
      let loss = softmaxCrossEntropy(x, labels: labels)
      return [loss] + gradient(of: (loss * loss).sum(), with: [x])
    }
    #expect(
      kernels == [
        CrossEntropyKernel(rows: 5, columns: 7, hasLosses: true, upstream: nil),
        CrossEntropyKernel(rows: 5, columns: 7, hasLosses: false, upstream: .operand),
      ])
  }

  /// Of other labels.
  @Test func strangersAreTwoLaunches() throws {
    let kernels = try losses { x, labels in
      let others = x.graph.input("others", [5], .int32)
      return [softmaxCrossEntropy(x, labels: labels)]
        + gradient(of: softmaxCrossEntropy(x, labels: others).sum(), with: [x])
    }
    #expect(kernels.count == 2)
  }
}
