import ApusCompiler
import ApusData
import ApusGraph
import ApusLayers

extension ModelKind {
  /// The number of parameters with every option at its default, and for what samples; nil for a model that is nothing by
  /// default.
  public func exampleSize() throws(TrainingError) -> (parameters: Int, samples: String)? {
    var configuration = RunConfiguration()
    configuration.model = self
    let samples: SampleDescription
    let name: String
    switch self {
    case .stack: return nil
    case .gpt, .characterRNN:
      let vocabulary = Vocabulary(characters: (0..<65).compactMap { Unicode.Scalar(32 + $0) })
      samples = SampleDescription(
        TextDataset(name: "text", vocabulary: vocabulary, training: [], validation: []), context: configuration.context)
      name = "65 characters"
    case .adamCNN, .resNet20, .resNet34:
      samples = SampleDescription(shape: [3, 32, 32], classCount: 10)
      name = "32×32 colour"
    case .logistic, .mlp, .lenet, .cnn, .vae:
      samples = SampleDescription(shape: [1, 28, 28], classCount: 10)
      name = "28×28 grey"
    }
    let objective = try configuration.makeObjective(samples)
    return try TrainingError.wrapping {
      let trace = try Trace(objective.model, isTraining: false) { graph in
        objective.results(of: samples.placeholder(in: graph, count: 1))
      }
      return (try ParameterArena(trace.graph).parameterCount, name)
    }
  }
}
