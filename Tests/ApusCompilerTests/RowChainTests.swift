import ApusExpression
import ApusGraph
import Testing

import ApusCompiler

/// Which computations along rows are one launch.
@Suite struct RowChainTests {
  /// The instructions of a program that computes some tensors.
  private func instructions(_ build: (Graph) -> [Tensor]) throws -> [Instruction] {
    let graph = Graph()
    let outputs = build(graph).enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) }
    return try compile(graph, outputs: outputs).instructions
  }

  private func chains(_ instructions: [Instruction]) -> [RowChainKernel] {
    instructions.compactMap { if case .rowChain(let kernel) = $0.kernel { kernel } else { nil } }
  }

  /// The launches' names without shapes and places.
  private func names(_ build: (Graph) -> [Tensor]) throws -> [String] {
    try instructions(build).map(\.kernel.name)
  }

  private func layerNorm(_ g: Graph, _ shape: Shape, axes: [Int] = [-1]) -> [Tensor] {
    let x = g.input("x", shape)
    let (weight, bias) = (g.input("w", [shape[-1]]), g.input("b", [shape[-1]]))
    let y = x.standardized(over: axes, epsilon: 1e-5, weight: weight, bias: bias).standardized
    return [y] + gradient(of: (y * g.input("u", shape)).sum(), with: [x, weight, bias])
  }

  @Test func aNormIsOneLaunchAndItsGradientAnother() throws {
    let instructions = try instructions { layerNorm($0, [8, 16, 24]) }
    // The other reductions are the weight's and the bias's gradients, over the rows.
    #expect(instructions.map(\.kernel.name) == ["row chain", "row chain", "2 reductions"])
    let kernels = chains(instructions)
    #expect(kernels.map(\.rows) == [128, 128] && kernels.map(\.columns) == [24, 24])
    // Two sums each; mean and scale are stored for the gradient.
    #expect(kernels.map { $0.passes.map(\.reductions.count) } == [[2], [2]])
    #expect(kernels.map { $0.passes.map(\.values.count) } == [[2], [0]])
    #expect(kernels.map(\.storedValues) == [[2, 3], []])
    #expect(kernels.map(\.elements.count) == [1, 1])
    #expect(instructions.map(\.outputs.count) == [3, 1, 2])
  }

  @Test func whatNobodyElseReadsIsNotStored() throws {
    let instructions = try instructions { g in
      [g.input("x", [100, 7]).standardized(over: [1], epsilon: 1e-5).standardized]
    }
    #expect(chains(instructions).map(\.storedValues) == [[]])
    #expect(instructions.map(\.outputs.count) == [1])
  }

  @Test func aSoftmaxOfItsPartsTakesTwoPasses() throws {
    let kernels = chains(
      try instructions { g in
        let x = g.input("x", [64, 10])
        let largest = x.max(over: [1], keepingAxes: true)
        let sum = exp(x - largest).sum(over: [1], keepingAxes: true)
        return [pointwise(x, largest, sum) { .exp($0[0] - $0[1]) / $0[2] }]
      })
    #expect(kernels.count == 1)
    #expect(kernels.first?.passes.map(\.kind) == [.max, .sum])
  }

  @Test func rowsAreManyAndOfModerateLength() throws {
    #expect(try names { [layerNorm($0, [64, 4096])[0]] } == ["row chain"])
    #expect(try !names { layerNorm($0, [63, 16]) }.contains("row chain"))
    #expect(try !names { layerNorm($0, [64, 4097]) }.contains("row chain"))
    #expect(try !names { layerNorm($0, [64, 1]) }.contains("row chain"))
    // The axes together are the row; they have to be the inner ones.
    func plain(over axes: [Int]) throws -> [String] {
      try names { [$0.input("x", [64, 3, 5]).standardized(over: axes, epsilon: 1e-5).standardized] }
    }
    #expect(try plain(over: [1, 2]) == ["row chain"])
    #expect(try plain(over: [2]) == ["row chain"])
    #expect(try !plain(over: [0, 2]).contains("row chain"))
    // A value for each column of the last axis has no stride along such a row.
    #expect(try !names { layerNorm($0, [64, 3, 5], axes: [1, 2]) }.contains("row chain"))
  }

  @Test func whoReadsAValueFirstKeepsWhatFollowsApart() throws {
    // The product needs the sum before the elements, and they need the product.
    let kept = try names { g in
      let x = g.input("x", [64, 64])
      let sum = x.sum(over: [1], keepingAxes: true)
      return [pointwise(x, sum, matrixProduct(g.input("w", [64, 64]), sum)) { $0[0] * $0[1] + $0[2] }]
    }
    #expect(kept == ["reduction", "matrix product", "pointwise"] || kept == ["reduction", "matrix product"])
    // Who reads it later does not.
    let free = try names { g in
      let x = g.input("x", [64, 64])
      let sum = x.sum(over: [1], keepingAxes: true)
      return [x / sum, matrixProduct(g.input("w", [64, 64]), sum)]
    }
    #expect(free == ["row chain", "matrix product"])
  }

  @Test func onlyATensorThatIsReadInFullIsWorthJoiningFor() throws {
    let strangers = try names { g in
      [g.input("y", [64, 10]) * g.input("x", [64, 10]).sum(over: [1], keepingAxes: true)]
    }
    #expect(strangers == ["reduction", "pointwise"])
  }

  @Test func aReductionDoesNotJoinAnotherBeforeWhatItReadsIsThere() throws {
    // Both sums over the columns read x, and the second a value that the row chain, launched later, computes.
    let names = try names { g in
      let x = g.input("x", [64, 10])
      let mean = x.mean(over: [1], keepingAxes: true)
      let first = exp(x).sum(over: [0])
      let y = x - mean
      return [first, y, (x * mean).sum(over: [0])]
    }
    #expect(names == ["reduction", "row chain", "reduction"])
  }

  @Test func anOperandThatIsReadForTheLastTimeIsWrittenOver() throws {
    let instructions = try instructions { g in
      let x = matrixProduct(g.input("a", [64, 8]), g.input("b", [8, 12]))
      let y = pointwise(x, x.max(over: [1], keepingAxes: true)) { $0[0] - $0[1] }
      return [matrixProduct(y, g.input("c", [12, 4]))]
    }
    #expect(instructions.map(\.kernel.name) == ["matrix product", "row chain", "matrix product"])
    #expect(instructions[1].inputs[0] == instructions[1].outputs[0])
  }

  @Test func randomNumbersAreDrawnForElementsOnly() throws {
    let names = try names { g in
      let x = g.input("x", [64, 10])
      let (s, t) = (g.makeRandomStream(), g.makeRandomStream())
      let sum = x.sum(over: [1], keepingAxes: true)
      let elements = pointwise(x, sum) { $0[0] / $0[1] + .random(stream: t) }
      return [elements, x / pointwise(sum) { $0[0] + .random(stream: s) }]
    }
    #expect(names == ["row chain", "pointwise", "pointwise"])
  }
}
