import Apus
import ArgumentParser

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a trained network on its validation split, or on other data.",
    discussion: """
      A classifier's result has the accuracy of each class; --confusion draws which classes are taken for which.
      """)

  @Argument(help: ArgumentHelp("Run directory, or a checkpoint file.", valueName: "run"))
  var source: String

  @Flag(help: "The best checkpoint instead of the last.")
  var best = false

  @Option(help: "Other data to evaluate on (its validation split).")
  var dataset: String?

  @Option(help: "Folder with the data sets' files.")
  var dataDir: String?

  @Option(help: "Draw the confusion matrix to this file, .svg or .png.", completion: .file(extensions: ["svg", "png"]))
  var confusion: String?

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
    let data = try configuration.loadData(on: screen)
    let model = try TrainedModel(checkpoint, on: device.backend)
    let evaluation = try model.evaluate(data)
    let matrix = confusionMatrix(evaluation, data)
    if let confusion { try draw(matrix, data, evaluation, to: confusion) }
    let classes = matrix.map { rows(of: $0, data) } ?? []
    if output.json {
      var result: JSONObject = [
        "dataset": .string(data.name), "split": "validation", "samples": .integer(evaluation.sampleCount),
        "loss": .number(evaluation.loss),
      ]
      result["accuracy"] = evaluation.accuracy.map { .number($0) }
      result["step"] = .integer(checkpoint.step)
      result["device"] = .string(device.backend.name)
      if let matrix {
        result["classes"] = .array(
          classes.map {
            .object([
              "name": .string($0.name), "samples": .integer($0.samples), "accuracy": .number($0.accuracy),
            ])
          })
        result["confusion"] = .array(matrix.map { .array($0.map(JSONValue.integer)) })
      }
      Terminal.output.writeLine(JSONValue.object(result).line)
      return
    }
    screen.writeLine(
      "\(data.name) validation, \(Quantity.count(evaluation.sampleCount)) \(data.sampleName), on \(device.backend.name)"
    )
    if !classes.isEmpty {
      var table = TextTable(columns: [
        ("class", .left), ("samples", .right), ("accuracy", .right), ("most often taken for", .left),
      ])
      for row in classes {
        table.append([row.name, Quantity.count(row.samples), Quantity.percent(row.accuracy), row.mistake])
      }
      for line in table.lines() { screen.writeLine(line) }
    }
    screen.writeLine(
      (evaluation.accuracy.map { "accuracy \(Quantity.percent($0))  " } ?? "")
        + "loss \(Quantity.loss(evaluation.loss))")
    if let confusion { screen.writeLine("confusion matrix in \(confusion)") }
  }

  /// How many samples of each class, by row, were taken for each class; nil where there are no classes.
  private func confusionMatrix(_ evaluation: Evaluation, _ data: TrainingData) -> [[Int]]? {
    guard case .samples(let dataset) = data, !evaluation.predictions.isEmpty else { return nil }
    var counts = [[Int]](repeating: [Int](repeating: 0, count: dataset.classCount), count: dataset.classCount)
    for (label, prediction) in zip(dataset.validation.labels, evaluation.predictions) {
      guard counts.indices.contains(Int(label)), counts.indices.contains(Int(prediction)) else { continue }
      counts[Int(label)][Int(prediction)] += 1
    }
    return counts
  }

  private typealias ClassRow = (name: String, samples: Int, accuracy: Double, mistake: String)

  private func rows(of matrix: [[Int]], _ data: TrainingData) -> [ClassRow] {
    guard case .samples(let dataset) = data else { return [] }
    return matrix.enumerated().map { label, counts in
      let samples = counts.reduce(0, +)
      let mistakes = counts.indices.filter { $0 != label && counts[$0] > 0 }
      let worst = mistakes.max { counts[$0] < counts[$1] || (counts[$0] == counts[$1] && $0 > $1) }
      return (
        dataset.classNames[label], samples, samples == 0 ? .nan : Double(counts[label]) / Double(samples),
        worst.map { "\(dataset.classNames[$0]) (\(Quantity.count(counts[$0])))" } ?? ""
      )
    }
  }

  private func draw(
    _ matrix: [[Int]]?, _ data: TrainingData, _ evaluation: Evaluation, to path: String
  ) throws {
    guard let matrix, case .samples(let dataset) = data else {
      throw TrainingError("--confusion: there are no classes to confuse")
    }
    let accuracy = evaluation.accuracy.map { ", accuracy \(Quantity.percent($0))" } ?? ""
    let figure = Figure(
      title: "\(data.name) validation, \(Quantity.count(evaluation.sampleCount)) samples\(accuracy)",
      panels: [FigurePanel(confusion: matrix, classNames: dataset.classNames)])
    do throws(FileError) {
      switch path.lowercased().split(separator: ".").last {
      case "png": try figure.writePNG(to: path)
      case "svg": try figure.writeSVG(to: path)
      default: throw FileError(path, "the confusion matrix is drawn to a file that ends in .svg or .png")
      }
    } catch {
      throw TrainingError(error.description)
    }
  }
}

extension TrainingData {
  /// What an evaluation counts.
  fileprivate var sampleName: String { if case .text = self { "windows" } else { "samples" } }
}
