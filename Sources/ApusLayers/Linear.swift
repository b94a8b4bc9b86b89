import ApusGraph

/// `y = x Wᵀ + b`.
///
/// Parameters: `weight` `[outputs, inputs]` and `bias` `[outputs]`, both uniform in ±1/√inputs by default, as
/// `torch.nn.Linear` starts them.
public final class Linear: ParameterOwner {
  /// The length of the last axis of what the layer is applied to.
  public let inputs: Int
  /// The length of the last axis of the result.
  public let outputs: Int
  /// Whether a bias is added.
  public let hasBias: Bool
  /// How the parameters start.
  public let initializer: Initializer
  private let location: (file: StaticString, line: UInt)

  /// A layer from `[…, inputs]` to `[…, outputs]`.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .standard,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.inputs = inputs
    self.outputs = outputs
    hasBias = bias
    self.initializer = initializer
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    let weight = parameter(
      "weight", [outputs, inputs], initializer, fanIn: inputs, fanOut: outputs, in: x.graph, file: file, line: line)
    // Leading axes are joined, so that the weight's gradient is one product and not a sum of many.
    let rows = x.shape.rank == 2 ? x : x.reshaped(to: [-1, x.shape.dimensions.last ?? 1], file: file, line: line)
    var y = matrixProduct(rows, weight, transposingRight: true, file: file, line: line)
    if hasBias {
      y =
        y
        + parameter(
          "bias", [outputs], initializer.forBias, fanIn: inputs, fanOut: outputs, in: x.graph, file: file, line: line)
    }
    return x.shape.rank == 2
      ? y : y.reshaped(to: Shape(x.shape.dimensions.dropLast() + [outputs]), file: file, line: line)
  }
}
