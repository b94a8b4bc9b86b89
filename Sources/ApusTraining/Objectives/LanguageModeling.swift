import ApusExpression
import ApusGraph
import ApusLayers

/// Finding the token behind each position: the mean cross-entropy over a window, in nats per token.
public struct LanguageModeling: Objective {
  public let model: any Module

  /// Language modeling by a model from int32 tokens `[B, T]` to logits `[B, T, V]`.
  public init(_ model: any Module) { self.model = model }

  public func results(of batch: Batch) -> SampleResults {
    let logits = model(batch.tensor(for: model))
    guard let labels = batch.labels else { return SampleResults(losses: logits.mean(over: [1, 2])) }
    let losses = softmaxCrossEntropy(logits, labels: labels).mean(over: [1])
    if batch.graph.isTraining { return SampleResults(losses: losses) }
    let hits = pointwise(logits.argmax(), labels) { .select(.equal($0[0], $0[1]), 1, 0) }
    return SampleResults(losses: losses, hits: hits.mean(over: [1]))
  }
}
