import Apus
import ArgumentParser

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a trained network on its validation split, or on another data set.")

  @Argument(help: ArgumentHelp("Run directory, or a checkpoint file.", valueName: "run"))
  var source: String

  @Flag(help: "The best checkpoint instead of the last.")
  var best = false

  @Option(help: "Another data set to evaluate on (its validation split).")
  var dataset: String?

  @Option(help: "Folder with the data sets' files.")
  var dataDir: String?

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME.")
  var device: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let checkpoint = try Checkpoint(path: RunDirectory(source).modelFile(best: best))
    var configuration = checkpoint.configuration
    configuration.dataset = dataset ?? configuration.dataset
    configuration.dataFolder = dataDir ?? configuration.dataFolder
    let screen = output.json ? Terminal.error : Terminal.output
    let device = try Device.open(device ?? configuration.device)
    let data = try configuration.loadDataset(on: screen)
    let classifier = try Classifier(checkpoint, on: device.backend)
    guard data.classCount == classifier.samples.classNames.count else {
      throw TrainingError(
        "\(data.name) has \(data.classCount) classes, but the model was trained on \(classifier.samples.classNames.count)"
      )
    }
    let evaluation = try classifier.evaluate(data.validation)
    let classes = perClass(evaluation, data)
    if output.json {
      Terminal.output.writeLine(
        JSONValue.object([
          "dataset": .string(data.name), "split": "validation", "samples": .integer(evaluation.sampleCount),
          "loss": .number(evaluation.loss), "accuracy": .number(evaluation.accuracy), "step": .integer(checkpoint.step),
          "device": .string(device.backend.name),
          "classes": .array(
            classes.map {
              .object([
                "name": .string($0.name), "samples": .integer($0.samples), "accuracy": .number($0.accuracy),
              ])
            }),
        ]).line)
      return
    }
    screen.writeLine(
      "\(data.name) validation, \(Quantity.count(evaluation.sampleCount)) samples, on \(device.backend.name)")
    var table = TextTable(columns: [("class", .left), ("samples", .right), ("accuracy", .right)])
    for row in classes { table.append([row.name, Quantity.count(row.samples), Quantity.percent(row.accuracy)]) }
    for line in table.lines() { screen.writeLine(line) }
    screen.writeLine("accuracy \(Quantity.percent(evaluation.accuracy))  loss \(Quantity.loss(evaluation.loss))")
  }

  private typealias ClassRow = (name: String, samples: Int, accuracy: Double)

  private func perClass(_ evaluation: Evaluation, _ data: Dataset) -> [ClassRow] {
    var samples = [Int](repeating: 0, count: data.classCount)
    var hits = samples
    for (label, prediction) in zip(data.validation.labels, evaluation.predictions) {
      samples[Int(label)] += 1
      if label == prediction { hits[Int(label)] += 1 }
    }
    return data.classNames.indices.map {
      (data.classNames[$0], samples[$0], samples[$0] == 0 ? .nan : Double(hits[$0]) / Double(samples[$0]))
    }
  }
}
