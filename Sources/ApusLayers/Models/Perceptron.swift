import ApusGraph

/// A multilayer perceptron; with no hidden layer it is logistic regression.
///
/// Parameters: `layers.0.weight` `[hidden₀, inputs]`, `layers.0.bias`, `layers.1.weight`, … The activation and
/// then dropout follow every layer but the last, which gives logits.
public struct Perceptron: Module {
  /// The linear layers.
  public let layers: [Linear]
  /// What follows each hidden layer.
  public let activation: Activation
  /// Applied behind each activation in training.
  public let dropout: Dropout

  /// A perceptron.
  ///
  /// - Parameters:
  ///   - inputs: the number of features of a sample; axes behind the first are flattened.
  ///   - hidden: the widths of the hidden layers, possibly none.
  ///   - outputs: the number of logits.
  ///   - activation: what follows each hidden layer.
  ///   - dropout: the probability of dropping a hidden unit.
  ///   - initializer: how weights and biases start.
  public init(
    inputs: Int, hidden: [Int], outputs: Int, activation: Activation = .relu, dropout: Double = 0,
    initializer: Initializer = .standard
  ) {
    let widths = [inputs] + hidden + [outputs]
    layers = zip(widths, widths.dropFirst()).map { Linear($0, $1, initializer: initializer) }
    self.activation = activation
    self.dropout = Dropout(dropout)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    var y = Flatten()(x)
    for layer in layers.dropLast() { y = dropout(activation(layer(y))) }
    return layers.last.map { $0(y) } ?? y
  }
}
