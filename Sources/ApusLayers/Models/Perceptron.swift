import ApusGraph

/// A multilayer perceptron; with no hidden layer it is logistic regression.
///
/// Parameters: `layers.0.weight` `[hidden₀, inputs]`, `layers.0.bias`, `layers.1.weight`, … The activation and
/// then dropout follow every layer but the last, which gives logits.
public struct Perceptron: SparseModule {
  /// The linear layers.
  public let layers: [Linear]
  /// What follows each hidden layer.
  public let activation: Activation
  /// Applied behind each activation in training.
  public let dropout: Dropout
  /// Applied to the samples in training.
  public let inputDropout: Dropout

  /// A perceptron.
  ///
  /// - Parameters:
  ///   - inputs: the number of features of a sample; axes behind the first are flattened.
  ///   - hidden: the widths of the hidden layers, possibly none.
  ///   - outputs: the number of logits.
  ///   - activation: what follows each hidden layer.
  ///   - dropout: the probability of dropping a hidden unit.
  ///   - inputDropout: the probability of dropping a feature.
  ///   - initializer: how weights and biases start.
  public init(
    inputs: Int, hidden: [Int], outputs: Int, activation: Activation = .relu, dropout: Double = 0,
    inputDropout: Double = 0, initializer: Initializer = .standard
  ) {
    let widths = [inputs] + hidden + [outputs]
    layers = zip(widths, widths.dropFirst()).map { Linear($0, $1, initializer: initializer) }
    self.activation = activation
    self.dropout = Dropout(dropout)
    self.inputDropout = Dropout(inputDropout)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let y = inputDropout(Flatten()(x))
    return layers.first.map { rest($0(y)) } ?? y
  }

  public func callAsFunction(_ x: SparseInput) -> Tensor {
    layers.first.map { rest($0(x.dropped(inputDropout))) } ?? x.values
  }

  /// What follows the first layer.
  private func rest(_ first: Tensor) -> Tensor {
    layers.dropFirst().reduce(first) { $1(dropout(activation($0))) }
  }
}
