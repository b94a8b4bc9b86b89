import ApusExpression
import ApusGraph
import ApusTestSupport
import Testing

import ApusCompiler

/// What the compiler decides: how many launches, which fusions, how much memory.
@Suite struct ProgramTests {
  /// A training step of the 784-200-200-10 perceptron.
  private func perceptron() throws -> (program: Program, arena: ParameterArena) {
    let graph = Graph()
    let sizes = [784, 200, 200, 10]
    var y = graph.input("images", [60_000, 784], .uint8).gather(graph.input("order", [100], .int32))
    y = pointwise(y) { $0[0] / 255 }
    var parameters: [(name: String, tensor: Tensor)] = []
    for layer in 0..<3 {
      let w = graph.parameter("layers.\(layer).weight", [sizes[layer + 1], sizes[layer]])
      let b = graph.parameter("layers.\(layer).bias", [sizes[layer + 1]])
      parameters += [("layers.\(layer).weight", w), ("layers.\(layer).bias", b)]
      y = matrixProduct(y, w, transposingRight: true) + b
      if layer < 2 { y = relu(y) }
    }
    let losses = softmaxCrossEntropy(y, labels: graph.input("labels", [100], .int32))
    let loss = (losses * graph.input("weights", [100])).sum()
    let gradients = gradient(of: loss, with: parameters.map(\.tensor))
    let arena = try ParameterArena(graph)
    var interface = ProgramInterface()
    interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", 100))
    let program = try compile(
      graph, arena: arena,
      outputs: [ProgramOutput(loss, to: .init(buffer: "history", dynamicOffset: ("slot", 1)))],
      gradients: zip(parameters, gradients).map { ($0.name, $1) }, interface: interface)
    return (program, arena)
  }

  @Test func aPerceptronsStepIsAsFewLaunchesAsCanBe() throws {
    let (program, _) = try perceptron()
    let products = program.instructions.compactMap {
      if case .matrixProduct(let kernel) = $0.kernel { kernel } else { nil }
    }
    // Three forward, three for the weights, two for the inputs: none for the images.
    #expect(products.count == 8)
    #expect(products.filter { $0.epilogue != nil }.count == 5)
    // The biases' gradients come with the weights'.
    #expect(products.filter(\.sumsRows).count == 3)
    // Gather, losses with their gradient, loss sum.
    #expect(program.instructions.count == 8 + 3)
    #expect(program.offsetNames == ["batch", "slot"])
    #expect(!program.instructions.contains { if case .pointwise = $0.kernel { true } else { false } })
  }

  @Test func aChainIsAProductsEpilogueUnderAnotherShape() throws {
    let graph = Graph()
    let y = matrixProduct(graph.input("x", [51, 8]), graph.input("w", [8, 19])).reshaped(to: [3, 17, 19])
    let sum = y + graph.input("residual", [3, 17, 19]) * graph.input("column", [3, 17, 1])
    let program = try compile(graph, outputs: [ProgramOutput(sum, to: .init(buffer: "y"))])
    guard case .matrixProduct(let kernel)? = program.instructions.first?.kernel else {
      Issue.record("\(program)")
      return
    }
    #expect(program.instructions.count == 1)
    #expect([kernel.m, kernel.n, kernel.k] == [51, 19, 8])
    #expect(Set(kernel.extras.map { [$0.rowStride, $0.columnStride] }) == [[19, 1], [1, 0]])
  }

  @Test func gradientsAreComputedInPlace() throws {
    let (program, arena) = try perceptron()
    let position = program.buffers.firstIndex { $0.name == "gradients" }
    let starts = program.instructions.flatMap(\.outputs).filter { $0.location == position.map { .buffer($0) } }.map(
      \.offset)
    #expect(Set(starts) == Set(arena.entries.map(\.offset)))
    #expect(arena.entries.allSatisfy { $0.offset % 128 == 0 })
    #expect(arena.parameterCount == 199_210)
    // Weights lie before biases.
    #expect(arena.matrixCount == 784 * 200 + 128 * 313 + 128 * 16)
    #expect(arena.entries.allSatisfy { ($0.offset < arena.matrixCount) == ($0.shape.rank == 2) })
  }

  @Test func valuesThatLiveTogetherDoNotOverlap() throws {
    let (program, _) = try perceptron()
    #expect(program.peakWorkspace < program.workspaceWithoutReuse)
    // The plan itself is tested on many random lives.
    var random = ConformanceValues()
    for _ in 0..<50 {
      let draws = random.draw(TensorType([120], .int32), below: 40).map(Int.init)
      let values = (0..<40).map { i in
        MemoryPlan.Value(
          byteCount: (draws[3 * i] + 1) * 300, firstUse: i, lastUse: i + draws[3 * i + 1] % 7)
      }
      for limit in [Int.max, 16_384] {
        let plan = MemoryPlan(values, maximumSlab: limit)
        #expect(plan.slabs.allSatisfy { $0 <= limit })
        for (i, a) in values.enumerated() {
          #expect(plan.places[i].offset % 512 == 0)
          for (j, b) in values.enumerated() where j > i && plan.places[i].slab == plan.places[j].slab {
            let together = a.firstUse <= b.lastUse && b.firstUse <= a.lastUse
            let apart =
              plan.places[i].offset + a.byteCount <= plan.places[j].offset
              || plan.places[j].offset + b.byteCount <= plan.places[i].offset
            #expect(!together || apart)
          }
        }
      }
    }
  }

  @Test func largeValuesAreNotKeptApartBySmallOnes() {
    // In the order of their births the small one would lie between the place of the first and the end.
    let values = [
      MemoryPlan.Value(byteCount: 1 << 20, firstUse: 0, lastUse: 1),
      MemoryPlan.Value(byteCount: 1 << 10, firstUse: 1, lastUse: 3),
      MemoryPlan.Value(byteCount: 2 << 20, firstUse: 2, lastUse: 3),
    ]
    let plan = MemoryPlan(values, maximumSlab: .max)
    #expect(plan.slabs == [(2 << 20) + (1 << 10)])
    #expect(plan.total == (3 << 20) + (1 << 10))
  }

  @Test func equalComputationsAreDoneOnceAndUnusedOnesNotAtAll() throws {
    let graph = Graph()
    let x = graph.input("x", [8, 8])
    let unused = matrixProduct(x, x)
    let a = matrixProduct(x, x, transposingLeft: true)
    let b = matrixProduct(x, x, transposingLeft: true)
    let program = try compile(graph, outputs: [ProgramOutput(a + b, to: .init(buffer: "y"))])
    #expect(unused.shape == [8, 8])
    #expect(program.instructions.count == 1 || program.instructions.count == 2)
    #expect(program.instructions.filter { if case .matrixProduct = $0.kernel { true } else { false } }.count == 1)
  }

  @Test func aMistakeInTheModelIsReportedWhenItIsCompiled() {
    let graph = Graph()
    let wrong = graph.input("a", [2]) + graph.input("b", [3])
    #expect(throws: CompilationError.self) {
      try compile(graph, outputs: [ProgramOutput(wrong, to: .init(buffer: "y"))])
    }
  }

  @Test func oneNameWithTwoShapesIsRefused() {
    let graph = Graph()
    _ = graph.parameter("w", [2])
    _ = graph.parameter("w", [3])
    #expect(throws: CompilationError.self) { try ParameterArena(graph) }
  }

  @Test func anElementwiseLaunchReusesAnOperandThatDies() throws {
    let graph = Graph()
    let x = graph.input("x", [1000])
    let y = exp(x)
    let sum = y.sum()
    let program = try compile(
      graph, outputs: [ProgramOutput((y * sum).sum(over: [0]) * y.max(), to: .init(buffer: "z"))])
    #expect(program.peakWorkspace <= program.workspaceWithoutReuse)
    #expect(program.description.contains("at the peak"))
  }
}
