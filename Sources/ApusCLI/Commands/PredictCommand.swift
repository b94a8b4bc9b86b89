import Apus
import ArgumentParser
import Foundation

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Classify samples with a trained network.",
    discussion: """
      FILE is a CSV file with the training file's feature columns (for a model trained on csv:FILE), an IDX file of images, \
      gzipped or not, or a JPEG or PNG picture, which is brought to the training images' size. One line comes out per sample: its number, the class and \
      its probability.
      """)

  @Argument(help: ArgumentHelp("Run directory, or a checkpoint file.", valueName: "run"))
  var source: String

  @Argument(help: "Files with samples.", completion: .file())
  var files: [String]

  @Flag(help: "The best checkpoint instead of the last.")
  var best = false

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME.")
  var device: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let checkpoint = try Checkpoint(path: RunDirectory(source).modelFile(best: best))
    // Everything is read before anything is printed, so that a bad file leaves no half of a result.
    let tables = try files.map { try Self.table($0, checkpoint.samples) }
    let device = try Device.open(device ?? checkpoint.configuration.device)
    let classifier = try Classifier(try TrainedModel(checkpoint, on: device.backend))
    var results: [JSONValue] = []
    for (file, table) in zip(files, tables) {
      for (number, prediction) in try classifier.predict(table).enumerated() {
        let name = checkpoint.samples.classNames[prediction.label]
        let probability = Double(prediction.probabilities[prediction.label])
        if output.json {
          results.append(
            .object([
              "file": .string(file), "sample": .integer(number), "class": .string(name),
              "label": .integer(prediction.label), "probability": .number(prediction.probabilities[prediction.label]),
              "probabilities": .array(prediction.probabilities.map { .number($0) }),
            ]))
        } else {
          let prefix = files.count > 1 ? "\(file)  " : ""
          Terminal.output.writeLine("\(prefix)\(number)  \(name)  \(Quantity.percent(probability))")
        }
      }
    }
    if output.json { Terminal.output.writeLine(JSONValue.object(["predictions": .array(results)]).line) }
  }

  /// A file's samples as the model's training data had them.
  private static func table(_ path: String, _ samples: SampleDescription) throws -> Table {
    if let schema = samples.schema { return try Table(csv: path, schema: schema) }
    if [".png", ".jpg", ".jpeg"].contains(where: path.lowercased().hasSuffix) { return try picture(path, samples) }
    let file = try IDXFile(path: path)
    let shape = Array(file.dimensions.dropFirst())
    let features = samples.shape.reduce(1, *)
    guard let count = file.dimensions.first, shape.reduce(1, *) == features else {
      throw TrainingError("\(path): holds samples of shape \(shape), but the model was trained on \(samples.shape)")
    }
    return Table(
      count: count, sampleShape: samples.shape, features: .bytes(file.elements), scale: samples.scale,
      shift: samples.shift, labels: [])
  }

  private static func picture(_ path: String, _ samples: SampleDescription) throws -> Table {
    guard samples.shape.count == 3, samples.shape[0] == 1 || samples.shape[0] == 3 else {
      throw TrainingError("\(path): is a picture, but the model was trained on samples of shape \(samples.shape)")
    }
    let image = try PixelImage(path: path).converted(toChannels: samples.shape[0])
      .fitted(toWidth: samples.shape[2], height: samples.shape[1])
    let planes = [UInt8](unsafeUninitializedCapacity: image.samples.count) { buffer, initialized in
      image.copyPlanes(into: UnsafeMutableBufferPointer(rebasing: buffer[..<image.samples.count]))
      initialized = image.samples.count
    }
    return Table(
      count: 1, sampleShape: samples.shape, features: .bytes(.copy(of: planes)), scale: samples.scale,
      shift: samples.shift, labels: [])
  }
}
