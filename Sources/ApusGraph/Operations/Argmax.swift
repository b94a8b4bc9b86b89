/// The position of the largest value along the last axis; the first of equals, and of NaNs.
public struct Argmax: OperationRule {
  var name: String { "argmax" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape.rank >= 1, operands[0].elementType == .float32 else {
      throw RuleViolation("needs a float tensor with at least one axis, not \(operands[0])")
    }
    return TensorType(Shape(operands[0].shape.dimensions.dropLast()), .int32)
  }
}

extension Tensor {
  /// The position of the largest value along an axis, as `int32`; the first of equals. It has no gradient.
  public func argmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    return movingAxisLast(axis, at: location).apply(.argmax(Argmax()), at: location)
  }
}
