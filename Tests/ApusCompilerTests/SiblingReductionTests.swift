import ApusExpression
import ApusGraph
import Testing

import ApusCompiler

/// Which reductions are computed by one launch.
@Suite struct SiblingReductionTests {
  /// How many results each reduction of a program has, in order.
  private func results(_ build: (Graph) -> [Tensor]) throws -> [Int] {
    let graph = Graph()
    let outputs = build(graph).enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) }
    return try compile(graph, outputs: outputs).instructions.compactMap { instruction in
      guard case .reduction(let kernel) = instruction.kernel else { return nil }
      #expect(instruction.outputs.count == kernel.prologues.count)
      #expect(
        instruction.label.hasPrefix(kernel.prologues.count > 1 ? "\(kernel.prologues.count) reductions " : "reduction ")
      )
      return kernel.prologues.count
    }
  }

  @Test func sumsOfTheSameTensorAreOneLaunch() throws {
    let joined = try results { g in
      let (x, y) = (g.input("x", [6, 7]), g.input("y", [6, 7]))
      return [x.sum(over: [1]), (x * y).sum(over: [1]), exp(y).sum(over: [1])]
    }
    // The second reads what the first does and y, which the third reads.
    #expect(joined == [3])
    #expect(
      try results { g in [g.input("x", [6, 7]).max(over: [0]), exp(g.input("x", [6, 7])).max(over: [0])] } == [2])
  }

  @Test func axesAndKindsAreNotMixed() throws {
    #expect(
      try results { g in [g.input("x", [6, 7]).sum(over: [0]), exp(g.input("x", [6, 7])).sum(over: [1])] } == [1, 1])
    #expect(
      try results { g in [g.input("x", [6, 7]).sum(over: [0]), g.input("x", [6, 7]).max(over: [0])] } == [1, 1])
    // The same axes of another shape.
    let reshaped = try results { g in
      let x = g.input("x", [6, 8])
      return [x.sum(over: [0]), exp(x.reshaped(to: [3, 16])).sum(over: [0])]
    }
    #expect(reshaped == [1, 1])
  }

  @Test func onlyATensorThatIsReadInFullIsWorthJoiningFor() throws {
    let strangers = try results { g in
      let row = g.input("row", [7])
      return [(g.input("x", [6, 7]) * row).sum(over: [0]), (g.input("y", [6, 7]) * row).sum(over: [0])]
    }
    #expect(strangers == [1, 1])
  }

  @Test func aReductionDoesNotJoinWhatItDependsOn() throws {
    let dependent = try results { g in
      let x = g.input("x", [6, 7])
      let mean = x.mean(over: [1], keepingAxes: true)
      return [mean, pointwise(x, mean) { .square($0[0] - $0[1]) }.sum(over: [1])]
    }
    #expect(dependent == [1, 1])
    // What it reads is computed behind the first, though it does not depend on that.
    let late = try results { g in
      let x = g.input("x", [6, 6])
      let sum = x.sum(over: [1])
      return [sum, (x * matrixProduct(x, g.input("w", [6, 6]))).sum(over: [1])]
    }
    #expect(late == [1, 1])
  }

  @Test func aLaunchHasAtMostFourResults() throws {
    let many = try results { g in
      let x = g.input("x", [5, 5])
      return (1...6).map { factor in pointwise(x) { .exp($0[0] * Expression(Double(factor))) }.sum(over: [1]) }
    }
    #expect(many == [4, 2])
  }

  @Test func aNormsStepReadsItsTensorOnceForTwoSums() throws {
    let norm = try results { g in
      let x = g.input("x", [4, 3, 5, 5])
      let (weight, bias) = (g.input("w", [3, 1, 1]), g.input("b", [3, 1, 1]))
      let moments = x.standardized(over: [0, 2, 3], epsilon: 1e-5, weight: weight, bias: bias)
      let loss = (moments.standardized * g.input("u", [4, 3, 5, 5])).sum()
      return [moments.variance] + gradient(of: loss, with: [x, weight, bias])
    }
    #expect(norm == [2, 2])
  }
}
