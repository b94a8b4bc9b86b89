import ApusExpression

/// `exp(x − max x) / Σ exp(x − max x)` along the last axis.
public struct Softmax: OperationRule {
  var name: String { "softmax" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape.rank >= 1, operands[0].elementType == .float32 else {
      throw RuleViolation("needs a float tensor with at least one axis, not \(operands[0])")
    }
    return operands[0]
  }

  // dx = y (g − Σ g y)
  func pullback(_ context: Pullback) -> [Tensor?] {
    let (y, g) = (context.result, context.gradient)
    let location = context.location
    let product = pointwise([g, y], at: location) { $0[0] * $0[1] }
    let sum = product.apply(
      .reduction(Reduction(kind: .sum, axes: [y.shape.rank - 1], keepsAxes: true)), at: location)
    return [pointwise([y, g, sum], at: location) { $0[0] * ($0[1] - $0[2]) }]
  }
}

/// `log Σ exp x` along the last axis, computed from the largest value on.
public struct LogSumExp: OperationRule {
  var name: String { "logSumExp" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape.rank >= 1, operands[0].elementType == .float32 else {
      throw RuleViolation("needs a float tensor with at least one axis, not \(operands[0])")
    }
    return TensorType(Shape(operands[0].shape.dimensions.dropLast()))
  }

  // dx = g exp(x − result)
  func pullback(_ context: Pullback) -> [Tensor?] {
    let location = context.location
    let column = Shape(context.result.shape.dimensions + [1])
    return [
      pointwise(
        [
          context.operands[0], context.result.reshaped(to: column, at: location),
          context.gradient.reshaped(to: column, at: location),
        ], at: location
      ) { .exp($0[0] - $0[1]) * $0[2] }
    ]
  }
}

extension Tensor {
  /// Probabilities from logits along an axis.
  public func softmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    return movingAxisLast(axis, at: location).apply(.softmax(Softmax()), at: location)
      .movingLastAxis(to: axis, at: location)
  }

  /// `log Σ exp x` along an axis, which disappears.
  public func logSumExp(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    return movingAxisLast(axis, at: location).apply(.logSumExp(LogSumExp()), at: location)
  }

  /// Log-probabilities from logits along an axis.
  public func logSoftmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    let last = movingAxisLast(axis, at: location)
    let sum = last.apply(.logSumExp(LogSumExp()), at: location)
    let column = sum.reshaped(to: Shape(sum.shape.dimensions + [1]), at: location)
    return pointwise([last, column], at: location) { $0[0] - $0[1] }.movingLastAxis(to: axis, at: location)
  }
}
