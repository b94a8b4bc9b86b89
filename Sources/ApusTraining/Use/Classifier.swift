import ApusData
import ApusGraph
import ApusLayers

/// A trained classifier, to predict with.
public struct Classifier {
  /// One sample's prediction.
  public struct Prediction: Sendable, Hashable {
    /// The most probable class.
    public let label: Int
    /// The probability of each class.
    public let probabilities: [Float]
  }

  /// The model.
  public let model: TrainedModel
  private let classification: Classification

  /// The samples in one batch of a prediction.
  private static let batchSize = 100

  /// - Throws: `TrainingError` when the model was not trained to classify.
  public init(_ model: TrainedModel) throws(TrainingError) {
    guard let classification = model.objective as? Classification else {
      throw TrainingError(
        "\(model.configuration.model.rawValue) is no classifier; apus sample shows what it can do")
    }
    self.model = model
    self.classification = classification
  }

  /// The classes of samples, with probabilities.
  public func predict(_ table: Table) throws(TrainingError) -> [Prediction] {
    try model.check(table)
    var preparation = ImagePreparation()
    preparation.normalization = model.samples.normalization
    let classes = model.samples.classNames.count
    let source = try TrainingError.wrapping {
      try DeviceSplit(
        table, batchSize: Self.batchSize, preparation: preparation, name: "prediction", on: model.backend)
    }
    let values = try model.run(over: source, count: table.count, batchSize: Self.batchSize, width: classes) {
      classification.logits(of: $0).softmax()
    }
    return (0..<table.count).map { sample in
      let row = Array(values[sample * classes..<(sample + 1) * classes])
      let label = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      return Prediction(label: label, probabilities: row)
    }
  }
}
