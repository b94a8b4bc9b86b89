import Apus
import ApusBenchmarks
import Testing

@Suite struct RegistryTests {
  /// Those that take a test neither long nor much memory.
  static let small = KernelBenchmark.all.filter { $0.work.operations < 3e9 && $0.work.bytes < 2.5e8 }

  @Test(arguments: small.indices)
  func aBenchmarkRunsAndCountsItsWork(index: Int) throws {
    let benchmark = RegistryTests.small[index]
    let backend = try Device.processor()
    let prepared = try benchmark.prepare(on: backend)
    let plan = MeasurementPlan(rounds: 1, roundSeconds: 1e-6, limit: 0)
    let measurement = try plan.measure(prepared)
    #expect(measurement.median > 0, "\(benchmark.name)")
    let figure = prepared.work.figure(seconds: measurement.median)
    #expect(figure > 0 && figure.isFinite, "\(benchmark.name)")
    guard let program = prepared.program else { return }
    #expect(prepared.work.operations == program.operationCount, "\(benchmark.name)")
    // One launch reads each operand once and writes each result once; its slices are what the benchmark has to count.
    guard program.instructions.count == 1, let instruction = program.instructions.first else { return }
    let moved = bytes(instruction)
    #expect(prepared.work.unit == .latency || prepared.work.bytes == moved, "\(benchmark.name)")
  }

  /// The bytes of an instruction's operands and results; of a table only the rows that are picked; of what an update
  /// writes, both ways, and without the gap at the end of the arena; of a norm not the element that distances are taken from,
  /// which is one of the row's.
  private func bytes(_ instruction: Instruction) -> Double {
    func bytes(_ slices: [BufferSlice]) -> Int { slices.reduce(0) { $0 + $1.count * $1.elementType.byteCount } }
    switch instruction.kernel {
    case .update(let update):
      let gap = update.count % 10_000
      return Double((update.count - gap) * 4 * (instruction.inputs.count + 2 * instruction.outputs.count))
    case .gather(let gather):
      let rows = gather.rows * gather.columns * instruction.inputs[0].elementType.byteCount
      return Double(rows + bytes(Array(instruction.inputs.dropFirst())) + bytes(instruction.outputs))
    case .rowChain(let chain):
      let whole = zip(instruction.inputs, chain.operands).filter { $1.columnStride != 0 }.map(\.0)
      return Double(bytes(whole) + bytes(instruction.outputs))
    default: return Double(bytes(instruction.inputs) + bytes(instruction.outputs))
    }
  }

  @Test func aTrainingStepsOperationsAreThoseOfItsProducts() throws {
    let steps = try KernelBenchmark.named(["step mlp"])
    let step = try #require(steps.first)
    let prepared = try step.prepare(on: try Device.processor())
    let weights = 784 * 200 + 200 * 200 + 200 * 10
    // Forward, the weights' gradients, and the inputs' gradients of all layers but the first.
    #expect(prepared.work.operations == Double(2 * 100 * (3 * weights - 784 * 200)))
  }

  @Test func namesAreUniqueAndBeginWithTheirFamilys() {
    #expect(Set(KernelBenchmark.all.map(\.name)).count == KernelBenchmark.all.count)
    for family in KernelBenchmark.families {
      #expect(family.benchmarks.allSatisfy { $0.family == family.name })
      #expect(!family.benchmarks.isEmpty)
    }
    #expect(Set(KernelBenchmark.families.map(\.name)).count == KernelBenchmark.families.count)
  }

  @Test func benchmarksAreFoundByTheBeginningOfTheirNames() throws {
    let product = try KernelBenchmark.named(["product 512x512x512 nn"]).map(\.name)
    #expect(product == ["product 512×512×512 NN"])
    let updates = try KernelBenchmark.named(["update adam"]).map(\.name)
    #expect(updates.first == "update adam 10000" && !updates.contains { $0.contains("adamw") })
    let both = try KernelBenchmark.named(["launch", "product", "product 512x512x512 nn"])
    #expect(both.first?.family == "product" && both.last?.family == "launch")
    #expect(Set(both.map(\.name)).count == both.count)
  }

  @Test func anUnknownNameIsAnsweredWithTheNearest() {
    #expect {
      try KernelBenchmark.named(["prodcut"])
    } throws: { "\($0)".contains("did you mean 'product'?") }
    #expect {
      try KernelBenchmark.named(["launch", "update amsbuond"])
    } throws: { "\($0)".contains("did you mean 'update amsbound'?") }
    #expect(throws: UnknownBenchmark.self) { try KernelBenchmark.named([" "]) }
  }
}
