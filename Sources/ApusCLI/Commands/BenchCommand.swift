import Apus
import ApusBenchmarks
import ArgumentParser
import Foundation

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure kernels and training steps on a device, beside the device's own limits.",
    discussion: """
      KERNEL is the beginning of a name: a family (product, update), a part of one ("update adam"), or a whole name. Each \
      figure is the median of several rounds; its share is of what the device was seen to do at best in the same run, \
      multiply-adds in registers or copies of the same size, whichever allows less. Nothing else should run meanwhile.
      """)

  @Argument(help: "What is measured; --list has the names (default: a quick selection).")
  var kernels: [String] = []

  @Flag(help: "Measure everything.")
  var all = false

  @Flag(help: "List the benchmarks; * marks the quick selection.")
  var list = false

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME; 'apus devices' lists them.")
  var device = "auto"

  @Option(help: "What products and convolutions are computed in: float32, tf32 or bf16.")
  var precision = Precision.float32

  @Flag(inversion: .prefixedNo, help: "Find the device's limits first, in about two seconds.")
  var limits = true

  @Option(help: "Rounds of each measurement; the median counts.")
  var rounds = 7

  @Option(
    help: "Seconds after which no further measurement is begun (default: 120; 240 for --growth, 1200 for everything).")
  var limit: Double?

  @OptionGroup var growth: GrowthOptions

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1") }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
    guard !all || kernels.isEmpty else { throw ValidationError("name benchmarks, or use --all") }
    guard !all || !growth.isWanted else { throw ValidationError("--growth measures every sweep without --all") }
  }

  func run() throws {
    if growth.isWanted {
      let sweeps = try GrowthSweep.named(kernels)
      if list { return GrowthMeasurement.printList(of: sweeps, isJSON: output.json) }
      return try GrowthMeasurement(
        sweeps: sweeps, devices: device, plan: MeasurementPlan(rounds: rounds, limit: 2), limit: limit ?? 240,
        options: growth, isJSON: output.json
      ).run()
    }
    let benchmarks =
      all || (list && kernels.isEmpty)
      ? KernelBenchmark.all : kernels.isEmpty ? KernelBenchmark.quick : try KernelBenchmark.named(kernels)
    if list {
      printList(of: benchmarks)
      return
    }
    let screen = output.json ? Terminal.error : Terminal.output
    let device = try Device.open(device)
    let backend = try device.backend.computing(in: precision)
    screen.writeLine("device: \(device.backend.name): \(device.reason)")
    let session = BenchmarkSession(
      backend: backend, plan: MeasurementPlan(rounds: rounds), limit: limit ?? (all ? 1200 : 120))
    let limits = limits ? try session.measureLimits() : nil
    if let limits { screen.writeLine(BenchmarkDisplay.limits(limits)) }
    let display = BenchmarkDisplay(benchmarks.map(\.name), terminal: screen)
    var outcomes: [BenchmarkOutcome] = []
    for benchmark in benchmarks {
      display.begin(benchmark)
      let outcome = try session.run(benchmark, limits: limits)
      outcomes.append(outcome)
      display.end(outcome)
    }
    if output.json {
      var object: JSONObject = ["device": .string(device.backend.name)]
      object["limits"] = limits?.json
      object["figures"] = .array(outcomes.map(\.json))
      Terminal.output.writeLine(JSONValue.object(object).line)
    }
  }

  private func printList(of benchmarks: [KernelBenchmark]) {
    if output.json {
      let rows = benchmarks.map { benchmark -> JSONValue in
        .object([
          "name": .string(benchmark.name), "unit": .string(benchmark.work.unit.rawValue),
          "operations": .number(benchmark.work.operations), "bytes": .number(benchmark.work.bytes),
          "quick": .bool(benchmark.isQuick),
        ])
      }
      Terminal.output.writeLine(JSONValue.object(["benchmarks": .array(rows)]).line)
      return
    }
    for family in KernelBenchmark.families {
      let members = benchmarks.filter { $0.family == family.name }
      guard !members.isEmpty else { continue }
      Terminal.output.writeLine(Terminal.output.bold(family.name) + ": " + family.summary)
      for benchmark in members { Terminal.output.writeLine("  \(benchmark.isQuick ? "*" : " ") \(benchmark.name)") }
    }
  }
}
