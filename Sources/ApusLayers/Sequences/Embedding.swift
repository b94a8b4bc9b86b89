import ApusGraph

/// A learned vector for each of a number of things.
///
/// Parameter: `weight` `[count, width]`, standard normal by default, as `torch.nn.Embedding` starts it.
public final class Embedding: ParameterOwner {
  /// How many things there are.
  public let count: Int
  /// The vectors' length.
  public let width: Int
  /// How the vectors start.
  public let initializer: Initializer
  private let location: (file: StaticString, line: UInt)

  /// A layer from int32 `[…]` to `[…, width]`.
  public init(
    _ count: Int, _ width: Int, initializer: Initializer = .normal(1), file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.count = count
    self.width = width
    self.initializer = initializer
    location = (file, line)
  }

  /// All vectors, `[count, width]`.
  public func table(in graph: Graph) -> Tensor {
    parameter(
      "weight", [count, width], initializer, fanIn: count, fanOut: width, in: graph, file: location.file,
      line: location.line)
  }

  public func callAsFunction(_ indices: Tensor) -> Tensor {
    table(in: indices.graph).gather(indices, file: location.file, line: location.line)
  }

  /// The products of vectors `[…, width]` with all of the table's: logits `[…, count]` of a tied output layer.
  public func logits(_ x: Tensor) -> Tensor {
    let (file, line) = location
    let rows = x.reshaped(to: [-1, width], file: file, line: line)
    let y = matrixProduct(rows, table(in: x.graph), transposingRight: true, file: file, line: line)
    return y.reshaped(to: Shape(x.shape.dimensions.dropLast() + [count]), file: file, line: line)
  }
}
