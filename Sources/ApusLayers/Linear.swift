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

  private func weight(in graph: Graph) -> Tensor {
    parameter(
      "weight", [outputs, inputs], initializer, fanIn: inputs, fanOut: outputs, in: graph, file: location.file,
      line: location.line)
  }

  private func bias(in graph: Graph) -> Tensor {
    parameter(
      "bias", [outputs], initializer.forBias, fanIn: inputs, fanOut: outputs, in: graph, file: location.file,
      line: location.line)
  }

  /// The layer applied to sparse samples: `[B, outputs]`.
  public func callAsFunction(_ x: SparseInput) -> Tensor {
    let (file, line) = location
    let graph = x.values.graph
    guard x.width == inputs else {
      graph.report(
        "a linear layer of \(inputs) inputs does not fit sparse samples of width \(x.width)",
        at: SourceLocation(file: file, line: line))
      return x.values
    }
    let table = weight(in: graph).transposed(file: file, line: line)
    let y = sparseProduct(columns: x.columns, values: x.values, table: table, file: file, line: line)
    return hasBias ? y + bias(in: graph) : y
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    let weight = weight(in: x.graph)
    // Leading axes are joined, so that the weight's gradient is one product and not a sum of many.
    let rows = x.shape.rank == 2 ? x : x.reshaped(to: [-1, x.shape.dimensions.last ?? 1], file: file, line: line)
    var y = matrixProduct(rows, weight, transposingRight: true, file: file, line: line)
    if hasBias { y = y + bias(in: x.graph) }
    return x.shape.rank == 2
      ? y : y.reshaped(to: Shape(x.shape.dimensions.dropLast() + [outputs]), file: file, line: line)
  }
}
