import ApusExpression
import ApusGraph
import Testing

import ApusCompiler

/// Which pointwise computations are one launch.
@Suite struct SiblingChainTests {
  /// A program's pointwise launches with several results, and its products' epilogues.
  private func launches(
    _ build: (Graph) -> [Tensor]
  ) throws -> (joint: [(PointwiseKernel, [BufferSlice])], epilogues: [Expression]) {
    let graph = Graph()
    let outputs = build(graph).enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) }
    let instructions = try compile(graph, outputs: outputs).instructions
    let joint = instructions.compactMap { instruction -> (PointwiseKernel, [BufferSlice])? in
      guard case .pointwise(let kernel) = instruction.kernel else { return nil }
      #expect(instruction.outputs.count == kernel.expressions.count)
      guard kernel.expressions.count > 1 else { return nil }
      #expect(instruction.label.hasPrefix("\(kernel.expressions.count) pointwise "))
      return (kernel, instruction.outputs)
    }
    let epilogues = instructions.compactMap { instruction -> Expression? in
      if case .matrixProduct(let kernel) = instruction.kernel { kernel.epilogue } else { nil }
    }
    return (joint, epilogues)
  }

  private func gelu(_ x: Tensor) -> Tensor { pointwise(x) { $0[0] * .normalCDF($0[0]) } }

  /// The loss of two layers with an activation between them, and the first layer's gradient.
  private func step(_ g: Graph, trains: Bool = true, _ activation: (Tensor) -> Tensor) -> [Tensor] {
    let (w, v) = (g.parameter("w", [20, 9]), g.parameter("v", [3, 20]))
    let hidden = matrixProduct(g.input("x", [6, 9]), w, transposingRight: true) + g.parameter("b", [20])
    let loss = matrixProduct(activation(hidden), v, transposingRight: true).sum()
    return [loss] + (trains ? gradient(of: loss, with: [w, v]) : [])
  }

  @Test func anActivationAndItsDerivativeAreOneLaunch() throws {
    let (joint, epilogues) = try launches { step($0, gelu) }
    #expect(joint.count == 1)
    let (kernel, outputs) = try #require(joint.first)
    #expect(kernel.extents == [120])
    #expect(kernel.inputStrides == [[1]])
    let x = Expression.input(0)
    #expect(kernel.expressions[0] == x * .normalCDF(x))
    #expect(kernel.expressions[1] == kernel.expressions[0].derivative(withRespectTo: 0))
    // One may lie where its operand was, not both.
    #expect(outputs[0] != outputs[1])
    // The bias of the hidden layer, and the product by the stored derivative.
    #expect(epilogues == [x + .input(1), .input(1) * x])
  }

  @Test func nothingIsStoredThatNobodyNeeds() throws {
    let (joint, epilogues) = try launches { step($0, trains: false, gelu) }
    #expect(joint.isEmpty)
    #expect(epilogues.count == 1)
    // What is said in terms of the result needs no function again.
    #expect(try launches { step($0) { tanh($0) } }.joint.isEmpty)
  }

  @Test func functionsThatAreNotSharedStayApart() throws {
    #expect(try launches { step($0) { pointwise($0) { .softplus($0[0]) } } }.joint.isEmpty)
    let strangers = try launches { g in
      let (x, y) = (g.input("x", [5]), g.input("y", [5]))
      return [exp(x), exp(x) * exp(y), pointwise(x) { .sin($0[0]) }]
    }
    #expect(strangers.joint.isEmpty)
  }

  @Test func aResultThatAnotherComputesItselfIsNotReadBack() throws {
    let joint = try launches { g in
      let x = g.input("x", [7])
      let y = gelu(x)
      return [y, pointwise(x, y) { .normalCDF($0[0]) + $0[1] }]
    }.joint
    let (kernel, _) = try #require(joint.first)
    let x = Expression.input(0)
    #expect(kernel.inputStrides.count == 1)
    #expect(kernel.expressions == [x * .normalCDF(x), .normalCDF(x) + x * .normalCDF(x)])
  }

  @Test func siblingsAreNoEpilogue() throws {
    // The gate's own gradient is not wanted, so that the product has one reader.
    let (joint, epilogues) = try launches { g in
      let w = g.parameter("w", [20, 9])
      let product = matrixProduct(g.input("x", [6, 9]), w, transposingRight: true)
      let gated = pointwise(g.input("gate", [6, 20]), product) { $0[0] * .sigmoid($0[0]) * $0[1] }
      return [gated] + gradient(of: (gated * gated).sum(), with: [w])
    }
    #expect(joint.map(\.0.expressions.count) == [2])
    #expect(epilogues.isEmpty)
  }

  @Test func whatOneChainAloneReadsIsComputedThere() throws {
    let fused = try launches { g in
      let x = g.input("x", [7])
      return [gelu(x) + g.input("y", [7]), pointwise(x) { .normalCDF($0[0]) - 1 }]
    }
    #expect(fused.joint.isEmpty)
  }
}
