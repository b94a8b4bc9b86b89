import Apus
import ArgumentParser
import Foundation

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Let a trained language model write, or a trained autoencoder draw.",
    discussion: """
      A model that was trained on a text goes on behind the prompt. A vae that was trained on images writes a grid of new \
      ones: apus sample RUN --images out.png
      """)

  @Argument(help: ArgumentHelp("Run directory, or a checkpoint file.", valueName: "run"))
  var source: String

  @Flag(help: "The best checkpoint instead of the last.")
  var best = false

  @Option(help: "The text to go on with (default: a line's end, or the vocabulary's first character).")
  var prompt: String?

  @Option(help: "How many characters (or bytes) to write.")
  var length = 500

  @Option(help: "Below 1 the likely becomes likelier; 0 always takes the most probable.")
  var temperature = 1.0

  @Option(help: "Choose among this many of the most probable only.")
  var topK: Int?

  @Option(help: "Write a grid of images to this PNG file.", completion: .file(extensions: ["png"]))
  var images: String?

  @Option(help: "How many images.")
  var count = 64

  @Option(help: "Key of every random number.")
  var seed: UInt64 = 0

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME.")
  var device: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard length >= 1 else { throw ValidationError("--length is at least 1") }
    guard count >= 1 else { throw ValidationError("--count is at least 1") }
  }

  func run() throws {
    let checkpoint = try Checkpoint(path: RunDirectory(source).modelFile(best: best))
    let device = try Device.open(device ?? checkpoint.configuration.device)
    let model = try TrainedModel(checkpoint, on: device.backend)
    if model.samples.vocabulary != nil { try write(model) } else { try draw(model) }
  }

  private func write(_ model: TrainedModel) throws {
    guard images == nil else { throw TrainingError("--images: a language model draws no images") }
    let generator = try TextGenerator(model)
    var choice = TextGenerator.Choice()
    (choice.temperature, choice.topK, choice.seed) = (temperature, topK, seed)
    let start =
      try prompt.map { try generator.vocabulary.encode($0) } ?? (try? generator.vocabulary.encode("\n")) ?? [0]
    Interruption.listen()
    if let prompt, !output.json { Terminal.output.write(prompt) }
    var pending: [Int32] = []
    let tokens = try generator.generate(after: start, length: length, choice: choice) { token in
      pending.append(token)
      // Bytes are held back until they are whole characters.
      let text = generator.vocabulary.decode(pending)
      if !output.json, generator.vocabulary.kind == .characters || !text.contains("\u{FFFD}") || pending.count >= 4 {
        Terminal.output.write(text)
        pending = []
      }
      return !Interruption.isRequested
    }
    if output.json {
      Terminal.output.writeLine(
        JSONValue.object([
          "prompt": .string(generator.vocabulary.decode(start)), "text": .string(generator.vocabulary.decode(tokens)),
        ]).line)
    } else {
      Terminal.output.writeLine("")
    }
  }

  private func draw(_ model: TrainedModel) throws {
    let generator = try ImageGenerator(model)
    guard let images else { throw TrainingError("--images FILE.png says where the images go") }
    let values = try generator.generate(count, seed: seed)
    let shape = generator.shape
    guard shape[0] == 1 || shape[0] == 3 else {
      throw TrainingError("the model's images have \(shape[0]) channels, but a picture has 1 or 3")
    }
    let grid = ImageGrid(values: values, channelCount: shape[0], height: shape[1], width: shape[2])
    do throws(FileError) { try grid.writePNG(to: images, scale: max(1, 56 / shape[1])) } catch {
      throw TrainingError(error.description)
    }
    if output.json {
      Terminal.output.writeLine(JSONValue.object(["images": .string(images), "count": .integer(count)]).line)
    } else {
      Terminal.output.writeLine("\(count) images in \(images)")
    }
  }
}
