import ApusExpression
import ApusGraph
import Testing

import ApusCompiler

/// When the gradients of weights and of a bias are one launch.
@Suite struct SiblingSumTests {
  /// The kinds of a program's launches whose outputs are computed from 5 rows of 7 gradients and of 3 inputs.
  private func launches(_ outputs: (_ upstream: Tensor, _ x: Tensor) -> [Tensor]) throws -> [String] {
    let graph = Graph()
    let upstream = pointwise(graph.input("upstream", [5, 7])) { $0[0] * 3 }
    let results = outputs(upstream, graph.input("x", [5, 3]))
    let named = results.enumerated().map { ProgramOutput($1, to: .init(buffer: "y\($0)")) }
    return try compile(graph, outputs: named).instructions.map(\.kernel.name).filter { !$0.hasPrefix("pointwise") }
  }

  @Test func theGradientsOfALayerAreOneLaunch() throws {
    let graph = Graph()
    let (x, w, b) = (graph.input("x", [5, 3]), graph.parameter("w", [7, 3]), graph.parameter("b", [7]))
    let y = matrixProduct(x, w, transposingRight: true) + b
    let gradients = gradient(of: (y * graph.input("u", [5, 7])).sum(), with: [w, b])
    let named = gradients.enumerated().map { ProgramOutput($1, to: .init(buffer: "y\($0)")) }
    let products = try compile(graph, outputs: named).instructions.compactMap {
      if case .matrixProduct(let kernel) = $0.kernel { kernel } else { nil }
    }
    #expect(products.map(\.sumsRows) == [true])
    #expect(products.map { [$0.m, $0.n, $0.k] } == [[7, 3, 5]])
  }

  @Test func theOrderDoesNotMatter() throws {
    let after = try launches { [matrixProduct($0, $1, transposingLeft: true), $0.sum(over: [0])] }
    let before = try launches { [$0.sum(over: [0]), matrixProduct($0, $1, transposingLeft: true)] }
    #expect(after == ["matrix product and row sums"])
    #expect(before == after)
  }

  /// The product comes too late for who reads a sum that comes first.
  @Test func aSumThatIsReadStaysInItsPlace() throws {
    let kernels = try launches {
      let sum = $0.sum(over: [0])
      let product = matrixProduct($0, $1 * sum.sum(), transposingLeft: true)
      return [sum, product]
    }
    #expect(kernels.filter { $0 == "matrix product" }.count == 1)
    #expect(!kernels.contains("matrix product and row sums"))
  }

  /// Sums along rows, of a part, of another tensor, of squares; maxima; and sums that share a launch already.
  @Test func strangersAreLaunchesOfTheirOwn() throws {
    let others: [(Tensor, Tensor) -> [Tensor]] = [
      { upstream, _ in [upstream.sum(over: [1])] }, { upstream, _ in [upstream.sum()] },
      { upstream, _ in [upstream.slice(0..<4).sum(over: [0])] },
      { upstream, _ in [(upstream * upstream).sum(over: [0])] }, { upstream, _ in [upstream.max(over: [0])] },
      { _, x in [x.sum(over: [0])] },
      { upstream, _ in [upstream.sum(over: [0]), (upstream * upstream).sum(over: [0])] },
    ]
    for other in others {
      let kernels = try launches { [matrixProduct($0, $1, transposingLeft: true)] + other($0, $1) }
      #expect(kernels.contains("matrix product"), "\(kernels)")
      #expect(!kernels.contains("matrix product and row sums"), "\(kernels)")
    }
  }
}
