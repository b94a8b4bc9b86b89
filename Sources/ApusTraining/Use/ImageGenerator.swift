import ApusCompiler
import ApusGraph
import ApusLayers

/// Images that an autoencoder makes of random latent variables.
public struct ImageGenerator {
  /// Channels, rows and columns of an image.
  public let shape: [Int]
  private let model: TrainedModel
  private let autoencoder: VariationalAutoencoder

  /// - Throws: `TrainingError` when the model is no autoencoder of images.
  public init(_ model: TrainedModel) throws(TrainingError) {
    guard let objective = model.objective as? Autoencoding, model.samples.shape.count == 3 else {
      throw TrainingError(
        "\(model.configuration.model.rawValue) makes no images; a vae that was trained on images does")
    }
    self.model = model
    autoencoder = objective.autoencoder
    shape = model.samples.shape
  }

  /// The pixels' probabilities in 0 ... 1, image after image.
  ///
  /// - Parameters:
  ///   - count: how many images.
  ///   - seed: the key of the latent variables.
  public func generate(_ count: Int, seed: UInt64 = 0) throws(TrainingError) -> [Float] {
    guard count >= 1 else { throw TrainingError("count: \(count) is not at least 1") }
    return try TrainingError.wrapping {
      let autoencoder = autoencoder
      let trace = try Trace(autoencoder, isTraining: false) { graph in
        let latents = graph.constant(0).broadcast(to: [count, autoencoder.latents]).normalNoise()
        return sigmoid(autoencoder.decoded(latents))
      }
      let program = try compile(
        trace.graph, arena: model.state.arena, outputs: [ProgramOutput(trace.result, to: .init(buffer: "images"))],
        maximumBufferSize: model.backend.maximumBufferSize)
      let images = try model.backend.makeBuffer(byteCount: trace.result.shape.count * 4, label: "images")
      let buffers = model.state.buffers.merging(["images": images]) { $1 }
      try model.backend.prepare(program, buffers: buffers).run(StepArguments(seed: seed))
      return try images.read(Float.self, count: trace.result.shape.count)
    }
  }
}
