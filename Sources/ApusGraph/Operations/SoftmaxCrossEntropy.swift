/// The negative log-probability of each row's label.
public struct SoftmaxCrossEntropy: OperationRule {
  var name: String { "softmax cross-entropy" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (logits, labels) = (operands[0], operands[1])
    guard labels.elementType == .int32 else { throw RuleViolation("labels must be int32, not \(labels)") }
    guard logits.elementType == .float32, logits.shape.rank >= 1,
      Shape(logits.shape.dimensions.dropLast()) == labels.shape
    else {
      throw RuleViolation(
        "logits \(logits) need labels of shape \(Shape(logits.shape.dimensions.dropLast())), not \(labels.shape)")
    }
    return TensorType(labels.shape)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [
      context.operands[0].apply(
        .softmaxCrossEntropyGradient(SoftmaxCrossEntropyGradient()), context.operands[1], context.gradient,
        at: context.location), nil,
    ]
  }
}

/// `(softmax(logits) − onehot(label)) · upstream`, one upstream value per row.
public struct SoftmaxCrossEntropyGradient: OperationRule {
  var name: String { "softmax cross-entropy gradient" }

  func type(of operands: [TensorType]) throws -> TensorType { operands[0] }
}

/// The negative log-probability that logits give to integer labels, one per row.
///
/// - Parameters:
///   - logits: `[…, C]`.
///   - labels: int32 `[…]`, each in `0 ..< C`.
/// - Returns: `[…]`; take the mean for the usual loss.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  logits.apply(
    .softmaxCrossEntropy(SoftmaxCrossEntropy()), labels, at: SourceLocation(file: file, line: line))
}
