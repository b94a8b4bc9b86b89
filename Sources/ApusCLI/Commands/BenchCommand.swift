import Apus
import ApusBenchmarks
import ArgumentParser
import Foundation

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure matrix products, optimizer updates and training steps on a device.",
    discussion: "Each figure is the median of several rounds. Nothing else should run meanwhile.")

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME.")
  var device = "auto"

  @Option(help: "Rounds of each measurement; the median counts.")
  var rounds = 7

  @Option(help: "Only measurements whose name contains this.")
  var only: String?

  @OptionGroup var output: OutputOptions

  /// One figure.
  private struct Figure {
    let name: String
    let value: Double
    let unit: String
    /// Seconds of one run.
    let seconds: Double
  }

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1") }
  }

  func run() throws {
    let screen = output.json ? Terminal.error : Terminal.output
    let device = try Device.open(device)
    let backend = device.backend
    screen.writeLine("device: \(backend.name): \(device.reason)")
    var figures: [Figure] = []
    func take(_ name: String, _ unit: String, perRun: Double, _ seconds: () throws -> Double) throws {
      if let only, !name.contains(only) { return }
      let time = try seconds()
      let figure = Figure(name: name, value: perRun / time, unit: unit, seconds: time)
      figures.append(figure)
      screen.writeLine("\(name): \(String(format: "%.1f", figure.value)) \(unit)")
    }

    for shape in MatrixShape.all {
      try take("product \(shape.name)", "GFLOP/s", perRun: shape.operations / 1e9) { try time(shape, on: backend) }
    }
    for count in [10_000, 1_000_000, 10_000_000] {
      for kind in [OptimizerKind.adam, .amsbound] {
        // Read: parameter, gradient and states; written: parameter and states.
        let bytes = Double(count * 4 * (3 + 2 * kind.type.stateNames.count))
        try take("update \(kind.rawValue) \(count)", "GB/s", perRun: bytes / 1e9) {
          try time(kind, count: count, on: backend)
        }
      }
    }
    for step in TrainingStep.all {
      try take(step.name, "steps/s", perRun: 1) { try time(step, on: backend) }
    }

    if output.json {
      let rows = figures.map { figure -> JSONValue in
        .object([
          "name": .string(figure.name), "value": .number(figure.value), "unit": .string(figure.unit),
          "seconds": .number(figure.seconds),
        ])
      }
      Terminal.output.writeLine(
        JSONValue.object(["device": .string(backend.name), "figures": .array(rows)]).line)
    }
  }

  /// A matrix product that is measured.
  private struct MatrixShape {
    let m: Int
    let n: Int
    let k: Int
    let transposesLeft: Bool
    let transposesRight: Bool

    /// Square ones, and those of a 784-200 layer at batch 100: forward, its weight's and its input's gradient.
    static let all = [
      MatrixShape(m: 512, n: 512, k: 512, transposesLeft: false, transposesRight: false),
      MatrixShape(m: 1024, n: 1024, k: 1024, transposesLeft: false, transposesRight: false),
      MatrixShape(m: 2048, n: 2048, k: 2048, transposesLeft: false, transposesRight: false),
      MatrixShape(m: 100, n: 200, k: 784, transposesLeft: false, transposesRight: true),
      MatrixShape(m: 200, n: 784, k: 100, transposesLeft: true, transposesRight: false),
      MatrixShape(m: 100, n: 784, k: 200, transposesLeft: false, transposesRight: false),
    ]

    var name: String { "\(m)×\(n)×\(k)\(transposesLeft ? " TN" : transposesRight ? " NT" : " NN")" }
    var operations: Double { 2 * Double(m) * Double(n) * Double(k) }
  }

  /// The median over rounds of the time of one run, each round long enough to be measured.
  private func median(_ backend: any Backend, _ run: () throws -> Void) throws -> Double {
    for _ in 0..<3 { try run() }
    try backend.synchronize()
    let clock = ContinuousClock()
    let first = try clock.measure {
      try run()
      try backend.synchronize()
    }
    let repeats = min(max(Int(0.05 / max(first / .seconds(1), 1e-7)), 1), 20_000)
    let times = try (0..<rounds).map { _ in
      try clock.measure {
        for _ in 0..<repeats { try run() }
        try backend.synchronize()
      } / .seconds(1) / Double(repeats)
    }
    return times.sorted()[rounds / 2]
  }

  /// Random contents for every buffer of a program.
  private func buffers(_ program: Program, on backend: any Backend) throws -> [String: any DeviceBuffer] {
    let philox = Philox(seed: 1)
    var buffers: [String: any DeviceBuffer] = [:]
    for (stream, declaration) in program.buffers.enumerated() {
      let buffer = try backend.makeBuffer(byteCount: declaration.count * 4, label: declaration.name)
      try buffer.write(
        (0..<declaration.count).map { philox.uniform(element: $0, step: 0, stream: UInt32(stream)) })
      buffers[declaration.name] = buffer
    }
    return buffers
  }

  private func time(_ shape: MatrixShape, on backend: any Backend) throws -> Double {
    let graph = Graph()
    let a = graph.input("a", shape.transposesLeft ? [shape.k, shape.m] : [shape.m, shape.k])
    let b = graph.input("b", shape.transposesRight ? [shape.n, shape.k] : [shape.k, shape.n])
    let c = matrixProduct(a, b, transposingLeft: shape.transposesLeft, transposingRight: shape.transposesRight)
    let program = try compile(graph, outputs: [ProgramOutput(c, to: .init(buffer: "c"))])
    let executable = try backend.prepare(program, buffers: try buffers(program, on: backend))
    return try median(backend) { try executable.run(StepArguments()) }
  }

  private func time(_ kind: OptimizerKind, count: Int, on backend: any Backend) throws -> Double {
    let graph = Graph()
    _ = graph.parameter("weights", [count])
    let program = try compile(graph, update: .init(optimizer: kind.type))
    let executable = try backend.prepare(program, buffers: try buffers(program, on: backend))
    let optimizer = try kind.make()
    let values = optimizer.uniforms(step: 100, learningRate: 1e-6, initialLearningRate: 1e-6).values
    let uniforms = Uniforms<Float> { Float(values[$0]) }
    return try median(backend) { try executable.run(StepArguments(uniforms: uniforms)) }
  }

  private func time(_ step: TrainingStep, on backend: any Backend) throws -> Double {
    let trainer = try step.trainer(on: backend)
    return try median(backend) {
      try trainer.runStep()
      if trainer.mustFetchLosses { _ = try trainer.losses() }
    }
  }
}
