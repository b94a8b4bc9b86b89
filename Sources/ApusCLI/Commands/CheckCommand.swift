import Apus
import ApusConformance
import ArgumentParser

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "See whether a device computes everything right.",
    discussion: """
      Runs each operation, its gradient and each optimizer on shapes that catch mistakes, and compares with definitions in \
      double precision; with --precision, with definitions that round products' operands in the same way. Without it, some \
      networks drawn at random are checked too. A driver is as good as its worst line: train on it when this ends well.
      """)

  @Argument(help: "Only computations whose names contain one of these.")
  var names: [String] = []

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME.")
  var device = "auto"

  @Option(help: "What products and convolutions are computed in: float32, tf32 or bf16.")
  var precision = Precision.float32

  @Option(help: "How many networks drawn at random are checked too, in float32.")
  var graphs = 20

  @OptionGroup var output: OutputOptions

  /// One computation and how far its worst number was off.
  private struct Line {
    let name: String
    let tolerance: Double
    let result: Result<Double, any Error>

    var passes: Bool { if case .success(let error) = result { error <= tolerance } else { false } }

    var text: String {
      switch result {
      case .success(let error): "\(name): off by \(Quantity.deviation(error)), \(Quantity.deviation(tolerance)) at most"
      case .failure(let failure): "\(name): \(failure)"
      }
    }
  }

  func validate() throws {
    guard (0...1_000_000).contains(graphs) else {
      throw ValidationError("--graphs takes a number from 0 to 1000000, not \(graphs)")
    }
  }

  func run() throws {
    let screen = output.json ? Terminal.error : Terminal.output
    let device = try Device.open(device)
    try device.backend.require(precision)
    screen.writeLine("device: \(device.backend.name): \(device.reason)")
    var lines: [Line] = []
    func take(_ name: String, tolerance: Double, _ error: () throws -> Double) {
      guard names.isEmpty || names.contains(where: { name.contains($0) }) else { return }
      let line = Line(name: name, tolerance: tolerance, result: Result(catching: error))
      lines.append(line)
      if !line.passes { screen.writeLine("wrong: \(line.text)") }
    }
    let drawn = ConformanceCase.random(seeds: 0..<(precision == .float32 ? graphs : 0))
    for test in ConformanceCase.all + drawn {
      take(test.name, tolerance: test.tolerance(in: precision)) {
        try test.errors(on: device.backend, in: precision).max() ?? 0
      }
    }
    for test in UpdateCase.all {
      take(test.description, tolerance: Tolerance.functions) { try test.error(on: device.backend) }
    }
    guard !lines.isEmpty else {
      throw ValidationError("no computation's name contains \(names.joined(separator: ", "))")
    }
    let wrong = lines.filter { !$0.passes }
    if output.json {
      let rows = wrong.map { JSONValue.object(["name": .string($0.name), "text": .string($0.text)]) }
      Terminal.output.writeLine(
        JSONValue.object([
          "device": .string(device.backend.name), "checked": .integer(lines.count), "wrong": .array(rows),
        ]).line)
    } else if wrong.isEmpty {
      screen.writeLine("\(lines.count) computations, all right")
    }
    if !wrong.isEmpty {
      throw TrainingError("\(device.backend.name): \(wrong.count) of \(lines.count) computations are wrong")
    }
  }
}
