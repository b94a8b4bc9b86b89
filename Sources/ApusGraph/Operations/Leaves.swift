/// A tensor bound to a named buffer.
public struct Input: OperationRule {
  /// The buffer's name.
  public let name: String
  /// The tensor's type.
  public let type: TensorType

  func type(of operands: [TensorType]) throws -> TensorType {
    if type.shape.dimensions.contains(where: { $0 < 1 }) { throw RuleViolation("the shape \(type.shape) is empty") }
    return type
  }
}

/// A trainable tensor.
public struct ParameterLeaf: OperationRule {
  /// The name in the arena and in checkpoints.
  public let name: String
  /// The extents.
  public let shape: Shape

  func type(of operands: [TensorType]) throws -> TensorType {
    if shape.dimensions.contains(where: { $0 < 1 }) { throw RuleViolation("the shape \(shape) is empty") }
    return TensorType(shape)
  }
}

/// A tensor that a model keeps from step to step without training it, such as a running mean.
public struct StatisticLeaf: OperationRule {
  /// The name in the arena and in checkpoints.
  public let name: String
  /// The extents.
  public let shape: Shape

  func type(of operands: [TensorType]) throws -> TensorType {
    if shape.dimensions.contains(where: { $0 < 1 }) { throw RuleViolation("the shape \(shape) is empty") }
    return TensorType(shape)
  }
}

/// A scalar known while tracing.
public struct Constant: OperationRule {
  /// The number.
  public let value: Double

  var name: String { "constant" }

  func type(of operands: [TensorType]) throws -> TensorType { TensorType([]) }
}
