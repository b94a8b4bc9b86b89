import Apus
import ApusBenchmarks
import ArgumentParser
import Foundation

/// What `apus bench --growth` takes besides.
struct GrowthOptions: ParsableArguments {
  @Flag(
    name: .customLong("growth"),
    help: """
      Measure how times grow with a size (of a batch, a width, a depth, a context) and draw it; KERNEL is then the name of \
      a sweep. --device takes several, separated by commas.
      """)
  var isWanted = false

  @Option(name: .customLong("output"), help: "Directory for the figures of --growth (default: runs/growth).")
  var directory: String?

  @Flag(help: "Draw the figures of --growth as PNG files too.")
  var png = false

  func validate() throws {
    guard isWanted || (directory == nil && !png) else { throw ValidationError("--output and --png go with --growth") }
  }
}

/// Times sweeps on devices, prints their tables and leaves their figures.
///
/// The exponent is d log time / d log operations from one size to the next: 1 is growth in proportion, less is growth into
/// sizes that are computed more efficiently, more is a cost that outgrows its arithmetic.
struct GrowthMeasurement {
  let sweeps: [GrowthSweep]
  /// Devices as `--device` names them, separated by commas.
  let devices: String
  let plan: MeasurementPlan
  /// Seconds after which no further measurement is begun.
  let limit: Double
  let options: GrowthOptions
  let isJSON: Bool

  /// A device that sweeps are timed on.
  private struct Measured {
    let name: String
    let session: BenchmarkSession
    let limits: DeviceLimits
  }

  func run() throws {
    let screen = isJSON ? Terminal.error : Terminal.output
    let measured = try devices.split(separator: ",").map { name in
      let session = BenchmarkSession(backend: try Device.open(String(name)).backend, plan: plan, limit: limit)
      return Measured(name: String(name), session: session, limits: try session.measureLimits())
    }
    for device in measured {
      screen.writeLine("\(device.name): \(device.session.backend.name); \(BenchmarkDisplay.limits(device.limits))")
    }
    var results: [GrowthResult] = []
    for sweep in sweeps {
      let curves = try measured.map { device in
        try device.session.run(sweep, device: device.name, limits: device.limits) { size in
          guard screen.isInteractive else { return }
          screen.write("\r\u{1B}[K\(sweep.name) \(Quantity.count(size)) on \(device.name) …")
        }
      }
      if screen.isInteractive { screen.write("\r\u{1B}[K") }
      let result = GrowthResult(sweep, curves: curves, limits: measured.map(\.limits))
      results.append(result)
      screen.writeLine("\n" + screen.bold(sweep.name) + ": " + sweep.title)
      for line in result.table.lines(hasUnicode: screen.hasUnicode) + result.remarks { screen.writeLine(line) }
    }
    let directory = options.directory ?? "runs/growth"
    let report = GrowthReport(
      results, devices: measured.map { ($0.name, $0.session.backend.name) },
      command: (["apus"] + CommandLine.arguments.dropFirst()).joined(separator: " "))
    try report.write(to: directory, hasPictures: options.png)
    screen.writeLine("\nfigures and tables.md in \(directory)")
    if isJSON {
      Terminal.output.writeLine(JSONValue.object(["sweeps": .array(results.map { .object($0.json) })]).line)
    }
  }

  /// Prints the names of sweeps, and what they are.
  static func printList(of sweeps: [GrowthSweep], isJSON: Bool) {
    if isJSON {
      let rows = sweeps.map { sweep -> JSONValue in
        .object([
          "name": .string(sweep.name), "title": .string(sweep.title), "size": .string(sweep.sizeLabel),
          "sizes": .array(sweep.points.map { .integer($0.size) }),
        ])
      }
      Terminal.output.writeLine(JSONValue.object(["sweeps": .array(rows)]).line)
      return
    }
    var table = TextTable(columns: [("name", .left), ("what", .left), ("over", .left), ("sizes", .left)])
    for sweep in sweeps {
      let sizes = sweep.points.map { Quantity.count($0.size) }
      table.append([sweep.name, sweep.title, sweep.sizeLabel, "\(sizes.first ?? "") to \(sizes.last ?? "")"])
    }
    for line in table.lines(hasUnicode: Terminal.output.hasUnicode) { Terminal.output.writeLine(line) }
  }
}
