import Apus

/// A model's whole training step: forward, backward and the update by Adam, on random samples of the right shape.
///
/// Pictures wait on the device as bytes and texts as tokens; each step gathers its batch there.
public struct TrainingStep: Sendable {
  /// The model's name on the command line.
  public let model: ModelKind
  /// Samples per step.
  public let batchSize: Int
  /// What the samples look like.
  let samples: Samples
  /// What differs from the model's usual settings.
  var settings: @Sendable (inout RunConfiguration) -> Void = { _ in }

  enum Samples: Sendable {
    /// Pictures of so many channels and a square side, in ten classes.
    case pictures(channels: Int, side: Int)
    /// A text over 65 characters.
    case text
  }

  /// The models of the optimizers' papers and tutorials in their usual shapes.
  public static let all = [
    TrainingStep(model: .mlp, batchSize: 100, samples: .pictures(channels: 1, side: 28)),
    TrainingStep(model: .cnn, batchSize: 100, samples: .pictures(channels: 1, side: 28)),
    TrainingStep(model: .adamCNN, batchSize: 128, samples: .pictures(channels: 3, side: 32)),
    TrainingStep(model: .resNet20, batchSize: 128, samples: .pictures(channels: 3, side: 32)),
    TrainingStep(model: .vae, batchSize: 100, samples: .pictures(channels: 1, side: 28)),
    TrainingStep(model: .gpt, batchSize: 12, samples: .text),
  ]

  /// The name of the figure, such as `step cnn`.
  public var name: String { "step \(model.rawValue)" }

  static let family = BenchmarkFamily("step", "whole training steps of the models, with Adam", of: all) { $0.benchmark }

  var benchmark: KernelBenchmark {
    KernelBenchmark(name, Work(operations: 0, bytes: 0, unit: .steps), isQuick: true) { backend in
      let trainer = try trainer(on: backend)
      let work = Work(operations: trainer.program.operationCount, bytes: 0, unit: .steps)
      return PreparedBenchmark(work, program: trainer.program, on: backend) { () throws(DeviceError) in
        do throws(TrainingError) {
          try trainer.runStep()
          if trainer.mustFetchLosses { _ = try trainer.losses() }
        } catch {
          throw DeviceError("\(error)")
        }
      }
    }
  }

  /// A trainer that is ready for as many steps as are wanted.
  ///
  /// - Throws: `TrainingError` when the device lacks memory.
  public func trainer(on backend: any Backend) throws(TrainingError) -> Trainer {
    var configuration = RunConfiguration()
    configuration.model = model
    configuration.batchSize = batchSize
    configuration.normalizes = false
    configuration.steps = 1_000_000
    settings(&configuration)
    return try Trainer(try configuration.makePlan(data()), on: backend)
  }

  private func data() -> TrainingData {
    let philox = Philox(seed: 1)
    func words(_ count: Int, stream: UInt32) -> some Sequence<UInt32> {
      (0..<count).lazy.map { philox.word(element: $0, step: 0, stream: stream) }
    }
    switch samples {
    case .pictures(let channels, let side):
      func table(_ count: Int) -> Table {
        let bytes = words(count * channels * side * side, stream: 0).map { UInt8(truncatingIfNeeded: $0) }
        return Table(
          count: count, sampleShape: [channels, side, side], features: .bytes(.copy(of: bytes)), scale: 1 / 255,
          labels: words(count, stream: 1).map { Int32($0 % 10) })
      }
      return .samples(
        Dataset(name: "random", training: table(2048), validation: table(16), classNames: (0..<10).map { "\($0)" }))
    case .text:
      let characters = (32..<97 as Range<UInt32>).compactMap(Unicode.Scalar.init)
      func tokens(_ count: Int) -> [Int32] { words(count, stream: 0).map { Int32($0 % UInt32(characters.count)) } }
      return .text(
        TextDataset(
          name: "random", vocabulary: Vocabulary(characters: characters), training: tokens(100_000),
          validation: tokens(4096)))
    }
  }
}
