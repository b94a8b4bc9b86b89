import ApusExpression
import ApusGraph
import ApusLayers

/// Finding the class of each sample: softmax cross-entropy on a model's logits `[B, C]`.
public struct Classification: Objective {
  public let model: any Module
  /// How much of each label's probability is spread over all classes in training; at least 0 and below 1.
  public let smoothing: Double

  /// Classification by a model that gives logits.
  public init(_ model: any Module, smoothing: Double = 0) {
    self.model = model
    self.smoothing = smoothing
  }

  /// The model's logits of a batch, `[B, C]`.
  public func logits(of batch: Batch) -> Tensor {
    if case .sparse(let input) = batch.samples, let model = model as? any SparseModule { return model(input) }
    return model(batch.tensor(for: model))
  }

  public func results(of batch: Batch) -> SampleResults {
    let logits = logits(of: batch)
    guard let labels = batch.labels else { return SampleResults(losses: logits.mean(over: [-1])) }
    if batch.graph.isTraining {
      return SampleResults(losses: crossEntropy(logits, labels: labels, smoothing: smoothing))
    }
    let chosen = logits.argmax()
    let hits = pointwise(chosen, labels) { .select(.equal($0[0], $0[1]), 1, 0) }
    return SampleResults(losses: softmaxCrossEntropy(logits, labels: labels), hits: hits, predictions: chosen)
  }
}
