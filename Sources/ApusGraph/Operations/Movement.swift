/// The same elements in row-major order under another shape.
public struct Reshape: OperationRule {
  /// The new extents.
  public let shape: Shape

  var name: String { "reshape" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape.count == shape.count else {
      throw RuleViolation(
        "\(operands[0].shape) has \(operands[0].shape.count) elements and \(shape) has \(shape.count)")
    }
    return TensorType(shape, operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [context.gradient.reshaped(to: context.operands[0].shape, at: context.location)]
  }
}

/// The axes in another order.
public struct Transpose: OperationRule {
  /// Which of the operand's axes each of the result's axes is.
  public let permutation: [Int]

  var name: String { "transpose" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let shape = operands[0].shape
    guard permutation.sorted() == Array(0..<shape.rank) else {
      throw RuleViolation("\(permutation) is not an order of the axes of \(shape)")
    }
    return TensorType(Shape(permutation.map { shape[$0] }), operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    var inverse = permutation
    for (position, axis) in permutation.enumerated() { inverse[axis] = position }
    return [context.gradient.apply(.transpose(Transpose(permutation: inverse)), at: context.location)]
  }
}

/// The operand repeated along axes of extent 1 and along new leading axes.
public struct Broadcast: OperationRule {
  /// The new extents.
  public let shape: Shape

  var name: String { "broadcast" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape.broadcasts(to: shape) else {
      throw RuleViolation("\(operands[0].shape) does not broadcast to \(shape)")
    }
    return TensorType(shape, operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [context.gradient.summed(to: context.operands[0].shape, at: context.location)]
  }
}

/// A rectangular part.
public struct Slice: OperationRule {
  /// The first position along each axis.
  public let starts: [Int]
  /// The extent along each axis.
  public let shape: Shape

  var name: String { "slice" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let source = operands[0].shape
    guard starts.count == source.rank, shape.rank == source.rank,
      zip(zip(starts, shape.dimensions), source.dimensions).allSatisfy({ $0.0 >= 0 && $0.1 >= 1 && $0.0 + $0.1 <= $1 })
    else {
      throw RuleViolation("the part \(shape) from \(starts) does not lie within \(source)")
    }
    return TensorType(shape, operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [
      context.gradient.apply(
        .pad(Pad(starts: starts, shape: context.operands[0].shape)), at: context.location)
    ]
  }
}

/// The operand as a part of a larger tensor that is zero elsewhere.
public struct Pad: OperationRule {
  /// Where the operand begins along each axis.
  public let starts: [Int]
  /// The extents of the larger tensor.
  public let shape: Shape

  var name: String { "pad" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let part = operands[0].shape
    guard starts.count == part.rank, shape.rank == part.rank,
      zip(zip(starts, part.dimensions), shape.dimensions).allSatisfy({ $0.0 >= 0 && $0.0 + $0.1 <= $1 })
    else {
      throw RuleViolation("\(part) at \(starts) does not lie within \(shape)")
    }
    return TensorType(shape, operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [
      context.gradient.apply(
        .slice(Slice(starts: starts, shape: context.operands[0].shape)), at: context.location)
    ]
  }
}

/// Tensors joined along an axis.
public struct Concatenate: OperationRule {
  /// The axis.
  public let axis: Int

  var name: String { "concatenate" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let first = operands[0].shape
    guard (0..<first.rank).contains(axis) else { throw RuleViolation("\(first) has no axis \(axis)") }
    var extent = 0
    for operand in operands {
      var dimensions = operand.shape.dimensions
      guard dimensions.count == first.rank, operand.elementType == operands[0].elementType else {
        throw RuleViolation("\(operands[0]) and \(operand) cannot be joined")
      }
      extent += dimensions[axis]
      dimensions[axis] = first[axis]
      guard dimensions == first.dimensions else {
        throw RuleViolation("\(first) and \(operand.shape) differ outside axis \(axis)")
      }
    }
    var dimensions = first.dimensions
    dimensions[axis] = extent
    return TensorType(Shape(dimensions), operands[0].elementType)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    var start = 0
    return context.operands.map { operand in
      var starts = [Int](repeating: 0, count: operand.shape.rank)
      starts[axis] = start
      start += operand.shape[axis]
      return context.gradient.apply(.slice(Slice(starts: starts, shape: operand.shape)), at: context.location)
    }
  }
}
