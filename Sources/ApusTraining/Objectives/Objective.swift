import ApusGraph
import ApusLayers

/// A batch as a model meets it while it is traced.
public struct Batch {
  /// The forms that samples have.
  public enum Samples {
    /// Floats `[B, …]`.
    case dense(Tensor)
    /// Columns and values of what is not zero.
    case sparse(SparseInput)
    /// int32 tokens `[B, T]`.
    case tokens(Tensor)
  }

  /// The samples.
  public let samples: Samples
  /// What is to be found: int32 classes `[B]`, or the tokens `[B, T]` behind each position; nil where there is nothing.
  public let labels: Tensor?

  /// A batch.
  public init(_ samples: Samples, labels: Tensor? = nil) {
    self.samples = samples
    self.labels = labels
  }

  /// The graph that is being traced.
  public var graph: Graph {
    switch samples {
    case .dense(let tensor), .tokens(let tensor): tensor.graph
    case .sparse(let input): input.values.graph
    }
  }
}

/// What an objective says of each sample of a batch.
public struct SampleResults {
  /// The loss of each sample, `[B]`; training minimizes the mean.
  public let losses: Tensor
  /// The share of each sample that was found, `[B]` in 0 ... 1; nil where nothing is looked for.
  public let hits: Tensor?
  /// The most probable class of each sample, int32 `[B]`; nil where there are none.
  public let predictions: Tensor?

  /// Results.
  public init(losses: Tensor, hits: Tensor? = nil, predictions: Tensor? = nil) {
    self.losses = losses
    self.hits = hits
    self.predictions = predictions
  }
}

/// What a model is trained for: how a batch becomes losses.
///
/// An objective of one's own is a type with a model and a formula; everything else (batches, optimizer, checkpoints,
/// evaluation) is the trainer's.
public protocol Objective: Sendable {
  /// The model, by whose stored properties parameters are named.
  var model: any Module { get }

  /// Traces the losses of a batch; `batch.graph.isTraining` says what for.
  func results(of batch: Batch) -> SampleResults
}

extension Batch {
  /// The samples as one tensor; sparse ones are a mistake of the model, which is recorded.
  func tensor(for model: any Module) -> Tensor {
    switch samples {
    case .dense(let tensor), .tokens(let tensor): return tensor
    case .sparse(let input):
      input.values.graph.report(
        "\(type(of: model)) takes no sparse samples; logistic and mlp do", at: input.values.location)
      return input.values
    }
  }
}
