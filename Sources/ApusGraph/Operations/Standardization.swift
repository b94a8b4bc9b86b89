import ApusExpression

/// `(x − mean) · scale`, where mean and scale are x's own over some axes.
///
/// The gradient takes into account that both depend on x, which saves several passes over what the chain rule
/// would compute node by node. Operands: x, then the mean when there is one, then `1/√(variance + ε)`.
///
/// Source: Ioffe and Szegedy, "Batch Normalization", 2015, arXiv:1502.03167, section 3.
public struct Standardization: OperationRule {
  /// The axes that mean and scale are taken over.
  public let axes: [Int]
  /// Whether a mean is subtracted; otherwise the scale is `1/√(mean of squares + ε)`.
  public let isCentered: Bool

  var name: String { "standardization" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let x = operands[0]
    guard operands.allSatisfy({ $0.elementType == .float32 && $0.shape.broadcasts(to: x.shape) }) else {
      throw RuleViolation("the statistics \(operands.dropFirst().map(\.shape)) do not broadcast to \(x)")
    }
    return x
  }

  /// The formula over the operands.
  public var expression: Expression {
    isCentered ? (.input(0) - .input(1)) * .input(2) : .input(0) * .input(1)
  }

  // dx = scale · (g − mean(g) − y · mean(g y)); without a mean the second term is not there.
  func pullback(_ context: Pullback) -> [Tensor?] {
    let (y, g, location) = (context.result, context.gradient, context.location)
    let scale = context.operands[context.operands.count - 1]
    let share = Expression(1 / Double(axes.reduce(1) { $0 * y.shape[$1] }))
    func sum(_ x: Tensor) -> Tensor {
      x.apply(.reduction(Reduction(kind: .sum, axes: axes, keepsAxes: true)), at: location)
    }
    let projection = sum(pointwise([g, y], at: location) { $0[0] * $0[1] })
    let dx =
      isCentered
      ? pointwise([g, y, scale, sum(g), projection], at: location) {
        $0[2] * ($0[0] - share * ($0[3] + $0[1] * $0[4]))
      }
      : pointwise([g, y, scale, projection], at: location) { $0[2] * ($0[0] - share * $0[1] * $0[3]) }
    return [dx] + context.operands.dropFirst().map { _ in nil }
  }
}

/// What standardizing found in its input.
public struct Moments {
  /// The input with mean 0 and variance 1 over the axes.
  public let standardized: Tensor
  /// The mean, with axes of extent 1; nil when none was subtracted.
  public let mean: Tensor?
  /// The mean square deviation from the mean (or from zero), with axes of extent 1.
  public let variance: Tensor
}

extension Tensor {
  /// `(x − mean) / √(variance + epsilon)` with mean and variance over the given axes.
  ///
  /// - Parameters:
  ///   - axes: what is averaged over; negative axes count from the end.
  ///   - epsilon: added to the variance.
  ///   - centering: whether the mean is subtracted; otherwise the variance is the mean of squares.
  public func standardized(
    over axes: [Int], epsilon: Double, centering: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Moments {
    let location = SourceLocation(file: file, line: line)
    let axes = axes.map(normalized(axis:)).sorted()
    let mean = centering ? self.mean(over: axes, keepingAxes: true, file: file, line: line) : nil
    let squares =
      mean.map { mean in pointwise([self, mean], at: location) { .square($0[0] - $0[1]) } }
      ?? pointwise([self], at: location) { .square($0[0]) }
    let variance = squares.mean(over: axes, keepingAxes: true, file: file, line: line)
    let scale = pointwise([variance], at: location) { 1 / .sqrt($0[0] + Expression(epsilon)) }
    let rule = Operation.standardization(Standardization(axes: axes, isCentered: centering))
    let result = mean.map { apply(rule, $0, scale, at: location) } ?? apply(rule, scale, at: location)
    return Moments(standardized: result, mean: mean, variance: variance)
  }
}
