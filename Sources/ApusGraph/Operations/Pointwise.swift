import ApusExpression

/// One expression over corresponding elements of operands that broadcast together.
public struct Pointwise: OperationRule {
  /// The formula; `input(i)` is the ith operand's element.
  public let expression: Expression

  var name: String { "pointwise operation" }

  func type(of operands: [TensorType]) throws -> TensorType {
    var shape: Shape = []
    for operand in operands {
      guard let common = shape.broadcast(with: operand.shape) else {
        throw RuleViolation(
          "the shapes \(operands.map(\.description).joined(separator: " and ")) do not broadcast together")
      }
      shape = common
    }
    return TensorType(shape)
  }

  /// Each derivative is said in terms of the result where it can be, so that a forward value such as the
  /// argument of a rectifier need not outlive its use.
  func pullback(_ context: Pullback) -> [Tensor?] {
    let operands = context.operands
    let resultIndex = operands.count
    let gradientIndex = operands.count + 1
    return operands.indices.map { index -> Tensor? in
      guard context.isNeeded[index] else { return nil }
      let derivative = expression.derivative(withRespectTo: index).replacing { part in
        part == expression && part.size > 1 ? .input(resultIndex) : nil
      }
      if derivative.constantValue == 0 { return nil }
      // A costly derivative is a value of its own, which can be computed together with the result.
      if derivative.hasCostlyFunction, !derivative.isRandom {
        let values = Pointwise.compact(derivative, operands + [context.result], at: context.location)
        return pointwise([values, context.gradient], at: context.location) { $0[0] * $0[1] }
          .summed(to: operands[index].shape, at: context.location)
      }
      let product = derivative * .input(gradientIndex)
      let local =
        product == .input(gradientIndex)
        ? context.gradient
        : Pointwise.compact(product, operands + [context.result, context.gradient], at: context.location)
      return local.summed(to: operands[index].shape, at: context.location)
    }
  }

  /// A pointwise node over just those operands that the expression mentions.
  private static func compact(_ expression: Expression, _ operands: [Tensor], at location: SourceLocation) -> Tensor {
    let used = expression.inputs
    let renumbered = expression.replacing { part in
      if case .input(let index) = part.node { return used.firstIndex(of: index).map { .input($0) } }
      return nil
    }
    return pointwise(used.map { operands[$0] }, at: location) { _ in renumbered }
  }
}

extension Tensor {
  /// Sums over the axes along which `shape` was repeated to become this tensor's shape.
  func summed(to shape: Shape, at location: SourceLocation) -> Tensor {
    if self.shape == shape { return self }
    let axes = shape.axesRepeated(in: self.shape)
    let summed =
      axes.isEmpty
      ? self : apply(.reduction(Reduction(kind: .sum, axes: axes, keepsAxes: false)), at: location)
    return summed.reshaped(to: shape, at: location)
  }
}
