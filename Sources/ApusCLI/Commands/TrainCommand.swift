import Apus
import ArgumentParser
import Foundation

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network.",
    discussion: """
      Every option can stand in the configuration file under its long name; the command line wins. The run directory gets \
      config.yaml, metrics.jsonl, checkpoint.safetensors, best.safetensors and curves.svg. Ctrl-C finishes the step, writes \
      the checkpoint and says how to go on.
      """)

  @Argument(help: "A YAML file with any of the options below.", completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var output: OutputOptions

  @Option(name: .customLong("output"), help: "Run directory (default: runs/DATASET-MODEL-OPTIMIZER, numbered).")
  var directory: String?

  @Option(help: "Run directory to go on with, from its last checkpoint.")
  var resume: String?

  @Flag(help: "Replace the run that is in the run directory.")
  var overwrite = false

  @Flag(help: "Print the compiled step with its memory and stop.")
  var plan = false

  @Flag(help: "Time every launch: a table at the end, and trace.json, which opens in ui.perfetto.dev.")
  var profile = false

  @Flag(name: .shortAndLong, help: "Print the result only.")
  var quiet = false

  func run() throws {
    let screen = output.json ? Terminal.error : Terminal.output
    let checkpoint = try resume.map { try Checkpoint(path: RunDirectory($0).checkpoint) }
    let configuration = try training.configuration(file: config, base: checkpoint?.configuration ?? RunConfiguration())
    // Mistakes in the settings come before anything slow.
    _ = try configuration.resolved()
    let device = try Device.open(configuration.device, profiling: profile)
    try device.backend.require(configuration.precision)
    if !quiet { screen.writeLine("device: \(device.backend.name): \(device.reason)") }
    let data = try configuration.loadData(on: screen)

    if plan {
      let trainer = try Trainer(try configuration.makePlan(data), on: device.backend)
      Terminal.output.writeLine(trainer.program.description)
      return
    }

    let target = try RunDirectory.target(
      named: directory ?? resume, for: configuration, isResumed: checkpoint != nil, overwriting: overwrite)
    let run = try Run(
      configuration, data: data, on: device.backend, directory: target.path, resuming: checkpoint)
    try target.writeConfiguration(run.configuration)
    if !quiet {
      screen.writeLine(data.summary)
      screen.writeLine(
        "\(configuration.model.rawValue): \(Quantity.count(run.trainer.arena.parameterCount)) parameters; "
          + "\(configuration.optimizer.rawValue), learning rate \(run.configuration.learningRate ?? 0), "
          + "batch \(configuration.batchSize), \(Quantity.count(run.trainer.plan.totalSteps)) steps"
          + (run.trainer.step > 0 ? ", going on after step \(Quantity.count(run.trainer.step))" : ""))
    }

    Interruption.listen()
    let start = ContinuousClock.now
    var display = RunDisplay(run, terminal: screen, isQuiet: quiet)
    let outcome: Run.Outcome
    do {
      outcome = try run.train {
        display.report($0)
      } shouldStop: {
        Interruption.isRequested
      }
      display.clear()
    } catch {
      display.clear()
      throw error
    }
    try target.drawCurves(
      title: "\(data.name), \(configuration.model.rawValue), \(configuration.optimizer.rawValue)")
    let seconds = start.duration(to: .now) / .seconds(1)
    if profile {
      Profile.print(run.trainer.launchTimes, on: screen)
      try target.write(
        Timeline(run.trainer.launchIntervals, device: device.backend.name).json, to: target.file("trace.json"))
    }
    try finish(run, outcome, target, device, seconds, screen)
  }

  private func finish(
    _ run: Run, _ outcome: Run.Outcome, _ target: RunDirectory, _ device: Device, _ seconds: Double, _ screen: Terminal
  ) throws {
    let isInterrupted = if case .interrupted = outcome { true } else { false }
    if output.json {
      var result: JSONObject = [
        "run": .string(target.path), "device": .string(device.backend.name), "step": .integer(run.trainer.step),
        "epochs": .number(run.trainer.epochs), "seconds": .number(seconds), "interrupted": .bool(isInterrupted),
      ]
      if let evaluation = run.evaluation {
        result["loss"] = .number(evaluation.loss)
        result["accuracy"] = evaluation.accuracy.map { .number($0) }
      }
      result["best_score"] = run.bestScore.map { .number($0) }
      Terminal.output.writeLine(JSONValue.object(result).line)
      return
    }
    if isInterrupted {
      screen.writeLine(
        "stopped after step \(run.trainer.step); go on with: apus train --resume \(RunDirectory.quoted(target.path))")
      return
    }
    if let evaluation = run.evaluation {
      screen.writeLine(
        (evaluation.accuracy.map { screen.bold("accuracy \(Quantity.percent($0))") + "  " } ?? "")
          + "validation loss \(Quantity.loss(evaluation.loss))  in \(Quantity.duration(seconds))")
    }
    screen.writeLine("results in \(target.path): metrics.jsonl, curves.svg, checkpoint.safetensors, best.safetensors")
  }
}
