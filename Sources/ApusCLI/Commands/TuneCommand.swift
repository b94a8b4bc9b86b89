import Apus
import ApusBenchmarks
import ApusOpenCL
import ArgumentParser
import Foundation

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Measure which kernels suit an OpenCL device best, and remember it.",
    discussion: """
      Tries the variants of every product and convolution of some models' training steps. A variant counts when its numbers \
      agree with the processor's. Findings are kept for this device, driver and version of the kernels, and used by every \
      run from then on; results then differ from an untuned device's by rounding. APUS_TUNING=none leaves them aside.
      """)

  @Option(help: "opencl, opencl:INDEX or opencl:NAME.")
  var device = "opencl"

  @Option(help: "The models whose shapes are tuned, separated by commas (default: \(TuneCommand.known)).")
  var models: String?

  @Option(help: "What products and convolutions are computed in: float32, tf32 or bf16.")
  var precision = Precision.float32

  @Option(help: "Seconds after which nothing more is tried; a later call goes on.")
  var seconds = 60.0

  @Flag(help: "Forget what is known of the device.")
  var reset = false

  @OptionGroup var output: OutputOptions

  private static let known = TrainingStep.all.map(\.model.rawValue).joined(separator: ",")

  func validate() throws {
    guard seconds > 0, seconds.isFinite else { throw ValidationError("--seconds must be above 0") }
    _ = try steps()
  }

  private func steps() throws -> [TrainingStep] {
    guard let models else { return TrainingStep.all }
    return try models.split(separator: ",").map { name in
      guard let step = TrainingStep.all.first(where: { $0.model.rawValue == name }) else {
        throw ValidationError("--models takes some of \(Self.known), not '\(name)'")
      }
      return step
    }
  }

  func run() throws {
    let screen = output.json ? Terminal.error : Terminal.output
    guard device.hasPrefix("opencl") else {
      throw TrainingError("only OpenCL devices have variants to choose among, not '\(device)'")
    }
    let selection = device.hasPrefix("opencl:") ? String(device.dropFirst("opencl:".count)) : nil
    let chosen = try OpenCLDevice.select(selection)
    let tuner = try Tuner(chosen, startsAnew: reset)
    screen.writeLine("device: \(chosen.name)")
    // The programs alone are wanted; the processor makes them fastest.
    let processor = try Device.processor()
    let programs = try steps().map { try $0.trainer(on: processor).program }

    var outcomes: [Tuner.Outcome] = []
    try tuner.tune(programs, in: precision, seconds: seconds) { outcome in
      outcomes.append(outcome)
      screen.writeLine(line(outcome))
    }
    if output.json {
      Terminal.output.writeLine(
        JSONValue.object([
          "device": .string(chosen.name), "outcomes": .array(outcomes.map(json)),
          "known": .integer(tuner.table.choices.count),
        ]).line)
    } else {
      screen.writeLine("\(tuner.table.choices.count) shapes known")
    }
  }

  private func line(_ outcome: Tuner.Outcome) -> String {
    var text = outcome.shape + ": "
    if let best = outcome.best {
      text += "\(best.variant), \(String(format: "%.1f", best.seconds * 1e6)) µs"
      if let seconds = outcome.ruled.seconds, best.variant != outcome.ruled.variant {
        text += " (\(String(format: "%.2f", seconds / best.seconds)) times as fast as \(outcome.ruled.variant))"
      }
    } else {
      text += "nothing works"
    }
    if outcome.isCut { text += "; not all were tried" }
    for failure in outcome.failures { text += "; \(failure.variant) failed: \(failure.reason)" }
    return text
  }

  private func json(_ outcome: Tuner.Outcome) -> JSONValue {
    var object: JSONObject = [
      "shape": .string(outcome.shape), "ruled": .string(outcome.ruled.variant), "measured": .integer(outcome.measured),
      "failures": .array(
        outcome.failures.map { .object(["variant": .string($0.variant), "reason": .string($0.reason)]) }),
      "cut": .bool(outcome.isCut),
    ]
    object["ruled_seconds"] = outcome.ruled.seconds.map { .number($0) }
    object["best"] = outcome.best.map { .string($0.variant) }
    object["best_seconds"] = outcome.best.map { .number($0.seconds) }
    return .object(object)
  }
}
