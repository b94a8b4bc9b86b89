import ApusExpression

/// A symbolic tensor: a node of a graph, with a known shape and no contents.
public struct Tensor {
  /// The graph that the tensor belongs to.
  public let graph: Graph

  /// The node's position in the graph.
  package let id: Int

  package init(graph: Graph, id: Int) {
    self.graph = graph
    self.id = id
  }

  package var node: Graph.Node { graph.nodes[id] }

  /// Shape and element type.
  public var type: TensorType { node.type }

  /// The extents.
  public var shape: Shape { type.shape }

  /// What the elements are.
  public var elementType: ElementType { type.elementType }

  /// Where the tensor was made in the user's source.
  public var location: SourceLocation { node.location }

  /// The shape's extent along an axis; negative axes count from the end.
  func normalized(axis: Int) -> Int { axis < 0 ? axis + shape.rank : axis }

  func apply(_ operation: Operation, _ others: Tensor..., at location: SourceLocation) -> Tensor {
    graph.add(operation, [self] + others, at: location)
  }
}

/// Applies a formula to corresponding elements of tensors that broadcast together.
///
/// ```swift
/// let y = pointwise(x) { x in .max(x[0], 0) }
/// ```
///
/// - Parameters:
///   - operands: tensors whose shapes broadcast by NumPy's rule; integers are converted to floats.
///   - formula: gets one expression per operand.
/// - Returns: a float tensor of the common shape.
public func pointwise(
  _ operands: Tensor..., file: StaticString = #fileID, line: UInt = #line, formula: ([Expression]) -> Expression
) -> Tensor {
  pointwise(operands, at: SourceLocation(file: file, line: line), formula: formula)
}

func pointwise(
  _ operands: [Tensor], at location: SourceLocation, formula: ([Expression]) -> Expression
) -> Tensor {
  let expression = formula(operands.indices.map { .input($0) })
  return operands[0].graph.add(.pointwise(Pointwise(expression: expression)), operands, at: location)
}
