import ApusCPU
import ApusCompiler
import ApusExpression
import ApusGraph
import ApusOptimizers
import ApusTestSupport
import Testing

/// Mistakes are refused by name, indices cannot leave their tables, and launches are timed.
@Suite struct CPUBackendTests {
  private let backend = CPUBackend(kernels: .chosen, threadCount: 2)

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  @Test func buffersThatDoNotFitAreNamed() throws {
    let fixture = try ProgramFixture(backend) { g in [g.input("left", [8]) + g.input("right", [8])] }
    var buffers = fixture.buffers
    buffers["right"] = nil
    #expect(message { _ = try backend.prepare(fixture.program, buffers: buffers) }.contains("buffer right"))
    buffers["right"] = try backend.makeBuffer(byteCount: 31, label: "right")
    let small = message { _ = try backend.prepare(fixture.program, buffers: buffers) }
    #expect(small.contains("right has 31 bytes") && small.contains("needs 32"))
    buffers["right"] = try ReferenceBackend().makeBuffer(byteCount: 32, label: "right")
    #expect(message { _ = try backend.prepare(fixture.program, buffers: buffers) }.contains("another device"))
  }

  @Test func memoryThatIsNotThereIsAnError() {
    let text = message { _ = try backend.makeBuffer(byteCount: .max / 2, label: "moments") }
    #expect(text.contains("memory for moments"))
  }

  @Test func readsAndWritesPastTheEndAreRefused() throws {
    let buffer = try backend.makeBuffer(byteCount: 16, label: "small")
    try buffer.write([Float](repeating: 1, count: 2), at: 2)
    #expect(try buffer.read(Float.self, count: 4) == [0, 0, 1, 1])
    #expect(message { try buffer.write([Float](repeating: 1, count: 2), at: 3) }.contains("small"))
    #expect(message { _ = try buffer.read(Float.self, at: 1, count: 4) }.contains("small"))
  }

  @Test func offsetsThatLeaveABufferAreRefused() throws {
    let graph = Graph()
    let doubled = graph.input("x", [4]) * 2
    var interface = ProgramInterface()
    interface.inputs["x"] = .init(buffer: "all", dynamicOffset: ("batch", 4))
    let program = try compile(graph, outputs: [ProgramOutput(doubled, to: .init(buffer: "y"))], interface: interface)
    let all = try backend.makeBuffer(byteCount: 12 * 4, label: "all")
    let y = try backend.makeBuffer(byteCount: 16, label: "y")
    try all.write((0..<12).map(Float.init))
    let executable = try backend.prepare(program, buffers: ["all": all, "y": y])
    try executable.run(StepArguments(offsets: [2]))
    #expect(try y.read(Float.self, count: 4) == [16, 18, 20, 22])
    #expect(message { try executable.run(StepArguments(offsets: [3])) }.contains("buffer all"))
    #expect(message { try executable.run(StepArguments(offsets: [-1])) }.contains("buffer all"))
    #expect(message { try executable.run(StepArguments()) }.contains("batch"))
  }

  @Test(arguments: Device.all)
  func indicesCannotLeaveTheirTables(device: Device) throws {
    let fixture = try ProgramFixture(device.backend()) { g in
      let (table, indices) = (g.input("table", [3, 20]), g.input("indices", [4], .int32))
      let picked = table.gather(indices)
      let losses = softmaxCrossEntropy(picked, labels: indices)
      return [picked * 2, losses, table.gather(indices)] + gradient(of: (picked * 1).sum(), with: [table])
    }
    try fixture.write((0..<60).map(Float.init), to: "table")
    try fixture.write([Int32(-5), 1, 2, 1000], to: "indices")
    try fixture.run()
    let rows: [Float] = [0, 1, 2, 2].flatMap { (row: Int) -> [Float] in (0..<20).map { Float(row * 20 + $0) } }
    let doubled = rows.map { $0 * 2 }
    #expect(try fixture.floats(0) == doubled)
    #expect(try fixture.floats(1).map(\.isNaN) == [true, false, false, true])
    #expect(try fixture.floats(2) == rows)
    let counts: [Float] = [0, 1, 1].flatMap { [Float](repeating: $0, count: 20) }
    #expect(try fixture.floats(3) == counts)
  }

  @Test func launchesAreTimedWhenAskedFor() throws {
    let fixture = try ProgramFixture(backend) { g in [exp(g.input("x", [1000])).sum()] }
    let silent = try backend.prepare(fixture.program, buffers: fixture.buffers)
    try silent.run(StepArguments())
    #expect(silent.launchTimes.isEmpty && silent.launchIntervals.isEmpty)

    let profiling = CPUBackend(kernels: .chosen, threadCount: 1, profiling: true)
    let timed = try ProgramFixture(profiling) { g in [exp(g.input("x", [1000])).sum()] }
    let executable = try profiling.prepare(timed.program, buffers: timed.buffers)
    for _ in 0..<3 { try executable.run(StepArguments()) }
    #expect(executable.launchTimes.map(\.label) == timed.program.instructions.map(\.label))
    #expect(executable.launchTimes.allSatisfy { $0.count == 3 && $0.total > 0 && $0.total < 1 })
    let intervals = executable.launchIntervals
    let count = timed.program.instructions.count
    #expect(intervals.map(\.run) == (0..<3).flatMap { [Int](repeating: $0, count: count) })
    #expect(zip(intervals, intervals.dropFirst()).allSatisfy { $0.start + $0.duration <= $1.start })
  }

  /// An optimizer that is not in the registry, with two states and a formula that tells them apart.
  private struct Homemade: Optimizer {
    static let name = "homemade"
    static let defaultLearningRate = 0.1
    static let weightDecayKind = WeightDecayKind.coupled
    static let stateNames = ["sum", "count"]
    static let source = "none"
    static let hyperparameters: [Hyperparameter<Homemade>] = []
    static func standard() throws(OptimizerError) -> Homemade { Homemade() }
    func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> { Uniforms() }

    static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
      s.state0 = s.state0 + s.gradient
      s.state1 = s.state1 + 1
      s.parameter = s.parameter - u.rate * s.state0 / s.state1
    }
  }

  @Test(arguments: Device.all)
  func anUnregisteredOptimizersFormulaIsInterpreted(device: Device) throws {
    let fixture = try ProgramFixture(device.backend(), update: .init(optimizer: Homemade.self)) { g in
      [g.parameter("w", [3001]) * 1]
    }
    try fixture.write((0..<3001).map { Float($0) }, to: ProgramInterface.parameters)
    try fixture.write((0..<3001).map { Float($0 % 5) }, to: ProgramInterface.gradients)
    var arguments = StepArguments()
    for rate: Float in [0.5, 0.25] {
      arguments.uniforms.rate = rate
      try fixture.run(arguments)
    }
    let parameters = try fixture.buffers[ProgramInterface.parameters]?.read(Float.self, count: 3001)
    let expected = (0..<3001).map { (index: Int) -> Float in Float(index) - 0.75 * Float(index % 5) }
    #expect(parameters == expected)
    let counts = try fixture.buffers["state.count"]?.read(Float.self, count: 3001)
    #expect(counts == [Float](repeating: 2, count: 3001))
  }
}
