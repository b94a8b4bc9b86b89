import Apus
import ArgumentParser
import Foundation

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Train the same network with several optimizers, from the same start on the same batches.",
    discussion: """
      Each optimizer can have settings of its own behind colons: sgd:learning-rate=0.1,adam,amsbound:final-lr=0.2. The \
      directory gets comparison.svg, results.json and one run directory per optimizer.
      """)

  @Option(help: "Optimizers, such as sgd,adam,amsbound:final-lr=0.2.")
  var optimizers: String

  @Argument(help: "A YAML file with any of the options below.", completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var output: OutputOptions

  @Option(name: .customLong("output"), help: "Directory for the results (default: runs/compare-DATASET-MODEL).")
  var directory: String?

  @Flag(help: "Replace the comparison that is in the directory.")
  var overwrite = false

  /// One optimizer's part of the comparison.
  private struct Entry {
    let name: String
    let configuration: RunConfiguration
  }

  /// What one optimizer achieved.
  private struct Row {
    let name: String
    let learningRate: Double
    let trainingLoss: Double
    let evaluation: Evaluation
    let seconds: Double
    let curves: RunCurves
  }

  func run() throws {
    let screen = output.json ? Terminal.error : Terminal.output
    let base = try training.configuration(file: config)
    let entries = try entries(base)
    let device = try Device.open(base.device)
    try device.backend.require(base.precision)
    screen.writeLine("device: \(device.backend.name): \(device.reason)")
    let data = try base.loadData(on: screen)
    let target = RunDirectory(directory ?? "runs/compare-\(data.name.fileName)-\(base.model.rawValue)")
    if !overwrite, FileManager.default.fileExists(atPath: target.file("results.json")) {
      throw TrainingError(
        "\(target.path): already holds a comparison; replace it by --overwrite or choose another --output")
    }

    Interruption.listen()
    var rows: [Row] = []
    for (position, entry) in entries.enumerated() {
      let run = try Run(entry.configuration, data: data, on: device.backend, directory: target.file(entry.name))
      screen.writeLine(screen.bold("\(entry.name) (\(position + 1) of \(entries.count))"))
      let start = ContinuousClock.now
      var display = RunDisplay(run, terminal: screen, isQuiet: false)
      var losses: [Trainer.StepLoss] = []
      let outcome = try run.train { event in
        if case .losses(let new) = event { losses += new }
        display.report(event)
      } shouldStop: {
        Interruption.isRequested
      }
      display.clear()
      if case .interrupted = outcome {
        screen.writeLine("stopped in \(entry.name); what is finished is in \(target.path)")
        break
      }
      guard let evaluation = run.evaluation else { continue }
      // The mean over the last steps: a single batch's loss says little.
      let last = losses.suffix(50)
      rows.append(
        Row(
          name: entry.name, learningRate: run.configuration.learningRate ?? .nan,
          trainingLoss: last.reduce(0) { $0 + Double($1.loss) } / Double(max(last.count, 1)), evaluation: evaluation,
          seconds: start.duration(to: .now) / .seconds(1),
          curves: RunCurves(
            name: entry.name, metrics: try JSONLines.read(target.file("\(entry.name)/\(Run.metricsName)")))))
    }
    try finish(rows, target, data, base, screen)
  }

  private func finish(
    _ rows: [Row], _ target: RunDirectory, _ data: TrainingData, _ base: RunConfiguration, _ screen: Terminal
  ) throws {
    let result = JSONValue.object([
      "dataset": .string(data.name), "model": .string(base.model.rawValue),
      "optimizers": .array(
        rows.map { row in
          var object: JSONObject = [
            "name": .string(row.name), "learning_rate": .number(row.learningRate),
            "training_loss": .number(row.trainingLoss), "validation_loss": .number(row.evaluation.loss),
          ]
          object["accuracy"] = row.evaluation.accuracy.map { .number($0) }
          object["seconds"] = .number(row.seconds)
          return .object(object)
        }),
    ])
    try target.write(result.line + "\n", to: target.file("results.json"))
    let chart = RunCurves.comparison(
      of: rows.map(\.curves), title: "\(data.name), \(base.model.rawValue), batch \(base.batchSize)")
    try chart.writeSVG(to: target.file("comparison.svg"))
    if output.json {
      Terminal.output.writeLine(result.line)
      return
    }
    if screen.isInteractive {
      screen.writeLine(chart.terminalText(style: screen.chartStyle()))
    }
    var table = TextTable(columns: [
      ("optimizer", .left), ("learning rate", .right), ("training loss", .right), ("validation loss", .right),
      ("accuracy", .right), ("time", .right),
    ])
    for row in rows.sorted(by: { $0.evaluation.loss < $1.evaluation.loss }) {
      table.append([
        row.name, "\(row.learningRate)", Quantity.loss(row.trainingLoss), Quantity.loss(row.evaluation.loss),
        row.evaluation.accuracy.map(Quantity.percent) ?? "–", Quantity.duration(row.seconds),
      ])
    }
    for line in table.lines() { screen.writeLine(line) }
    screen.writeLine("curves in \(target.file("comparison.svg")), numbers in \(target.file("results.json"))")
  }

  /// The optimizers with their configurations, checked before anything is trained.
  private func entries(_ base: RunConfiguration) throws -> [Entry] {
    var entries: [Entry] = []
    for text in optimizers.split(separator: ",") {
      let parts = text.split(separator: ":").map(String.init)
      var settings: JSONObject = ["optimizer": .string(parts[0].trimmingCharacters(in: .whitespaces))]
      var hyperparameters = JSONObject()
      for pair in parts.dropFirst() {
        let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
        guard sides.count == 2 else {
          throw ValidationError("--optimizers takes NAME:KEY=VALUE, such as sgd:learning-rate=0.1, not '\(pair)'")
        }
        if sides[0] == "learning-rate" || sides[0] == "lr" {
          settings["learning-rate"] = .string(sides[1])
        } else if sides[0] == "schedule" {
          settings["schedule"] = .string(sides[1])
        } else {
          hyperparameters[sides[0]] = .string(sides[1])
        }
      }
      if !hyperparameters.keys.isEmpty { settings["hyperparameters"] = .object(hyperparameters) }
      var configuration = base
      configuration.hyperparameters = [:]
      try configuration.apply(settings, source: "--optimizers")
      _ = try configuration.resolved()
      let name = parts.joined(separator: ":")
      guard !entries.contains(where: { $0.name == name }) else {
        throw ValidationError("--optimizers names \(name) twice")
      }
      entries.append(Entry(name: name, configuration: configuration))
    }
    guard !entries.isEmpty else { throw ValidationError("--optimizers names no optimizer") }
    return entries
  }
}
