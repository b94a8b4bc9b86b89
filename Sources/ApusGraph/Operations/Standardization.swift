import ApusExpression

/// `(x − mean) · scale · weight + bias`, where mean and scale are x's own over some axes.
///
/// The gradient takes into account that both depend on x, which saves several passes over what the chain rule
/// would compute node by node. Where weight and bias do not vary along the axes, as in batch norm, the sums that x's
/// gradient needs are those of weight and bias, and are taken once. With a weight or a bias what is standardized is
/// computed again in every pass that needs it: it never lies in memory.
/// Operands: x, the mean when there is one, `1/√(variance + ε)`, then weight and bias when there are such.
///
/// Source: Ioffe and Szegedy, "Batch Normalization", 2015, arXiv:1502.03167, section 3.
public struct Standardization: OperationRule {
  /// The axes that mean and scale are taken over.
  public let axes: [Int]
  /// Whether a mean is subtracted; otherwise the scale is `1/√(mean of squares + ε)`.
  public let isCentered: Bool
  /// Whether the result is multiplied by a weight.
  public let hasWeight: Bool
  /// Whether a bias is added to it.
  public let hasBias: Bool

  var name: String { "standardization" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let x = operands[0]
    guard operands.allSatisfy({ $0.elementType == .float32 && $0.shape.broadcasts(to: x.shape) }) else {
      throw RuleViolation("its operands \(operands.dropFirst().map(\.shape)) do not broadcast to \(x)")
    }
    return x
  }

  /// The formula over the operands.
  public var expression: Expression {
    var y = standardized
    if hasWeight { y = y * .input(statistics) }
    if hasBias { y = y + .input(statistics + (hasWeight ? 1 : 0)) }
    return y
  }

  /// The number of operands that x and its statistics are.
  private var statistics: Int { isCentered ? 3 : 2 }

  /// The formula without weight and bias.
  private var standardized: Expression {
    isCentered ? (.input(0) - .input(1)) * .input(2) : .input(0) * .input(1)
  }

  // With h the gradient of what is standardized, y: dx = scale · (h − mean(h) − y · mean(h y)); without a mean the second
  // term is not there.
  func pullback(_ context: Pullback) -> [Tensor?] {
    hasWeight || hasBias ? affinePullback(context) : plainPullback(context)
  }

  private func plainPullback(_ context: Pullback) -> [Tensor?] {
    let (y, g, location) = (context.result, context.gradient, context.location)
    let scale = context.operands[statistics - 1]
    let projection = pointwise([g, y], at: location) { $0[0] * $0[1] }.summed(to: scale.shape, at: location)
    let sums = isCentered ? [g.summed(to: scale.shape, at: location)] : []
    let share = share(of: y.shape)
    let dx = pointwise([g, y, scale, projection] + sums, at: location) {
      $0[2] * ($0[0] - share * ($0[1] * $0[3] + (isCentered ? $0[4] : 0)))
    }
    return [dx] + context.operands.dropFirst().map { _ in nil }
  }

  private func affinePullback(_ context: Pullback) -> [Tensor?] {
    let (g, location) = (context.gradient, context.location)
    let known = Array(context.operands.prefix(statistics))
    let parameters = Array(context.operands.dropFirst(statistics))
    let (x, scale) = (known[0], known[statistics - 1])
    let weights = hasWeight ? [parameters[0]] : []

    /// The sum of some factors' product, and of that times what is standardized.
    func sums(_ factors: [Tensor], to shape: Shape) -> (plain: Tensor, standardized: Tensor) {
      let product = pointwise(factors, at: location) { $0.dropFirst().reduce($0[0], *) }
      let projection = pointwise(known + factors, at: location) {
        $0.dropFirst(statistics).reduce(standardized, *)
      }
      return (product.summed(to: shape, at: location), projection.summed(to: shape, at: location))
    }
    /// Whether a parameter is the same wherever a mean is taken, and so can stand before the sums.
    func isCommon(_ parameter: Tensor) -> Bool {
      let repeated = parameter.shape.axesRepeated(in: x.shape)
      return axes.allSatisfy { repeated.contains($0) || x.shape[$0] == 1 }
    }
    let standsBefore = weights.allSatisfy(isCommon)
    let own = sums(standsBefore ? [g] : [g] + weights, to: scale.shape)
    let share = share(of: x.shape)
    let dx = pointwise(known + [g, own.standardized, own.plain] + weights, at: location) { inputs in
      let n = statistics
      let weight = hasWeight ? inputs[n + 3] : 1
      let h = standsBefore ? inputs[n] : inputs[n] * weight
      let mean = standardized * inputs[n + 1] + (isCentered ? inputs[n + 2] : 0)
      return inputs[n - 1] * (standsBefore ? weight : 1) * (h - share * mean)
    }
    let gradients = parameters.enumerated().map { index, parameter in
      let isKnown = standsBefore && isCommon(parameter) && parameter.shape.count == scale.shape.count
      let sums = isKnown ? own : sums([g], to: parameter.shape)
      return (hasWeight && index == 0 ? sums.standardized : sums.plain).reshaped(to: parameter.shape, at: location)
    }
    return [dx] + known.dropFirst().map { _ in nil } + gradients
  }

  /// What a sum over the axes is multiplied by to be a mean.
  private func share(of shape: Shape) -> Expression { Expression(1 / Double(axes.reduce(1) { $0 * shape[$1] })) }
}

/// What standardizing found in its input.
public struct Moments {
  /// The input with mean 0 and variance 1 over the axes, then with weight and bias where they were given.
  public let standardized: Tensor
  /// The mean, with axes of extent 1; nil when none was subtracted.
  public let mean: Tensor?
  /// The mean square deviation from the mean (or from zero), with axes of extent 1.
  public let variance: Tensor
}

extension Tensor {
  /// `(x − mean) / √(variance + epsilon) · weight + bias` with mean and variance over the given axes.
  ///
  /// - Parameters:
  ///   - axes: what is averaged over; negative axes count from the end.
  ///   - epsilon: added to the variance.
  ///   - centering: whether the mean is subtracted; otherwise the variance is the mean of squares.
  ///   - weight: a factor of what is standardized, broadcast to its shape; nil for none.
  ///   - bias: what is added then, broadcast likewise; nil for nothing.
  public func standardized(
    over axes: [Int], epsilon: Double, centering: Bool = true, weight: Tensor? = nil, bias: Tensor? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Moments {
    let location = SourceLocation(file: file, line: line)
    let axes = axes.map(normalized(axis:)).sorted()
    let (mean, variance) =
      centering
      ? deviations(over: axes, at: location)
      : (
        nil,
        pointwise([self], at: location) { .square($0[0]) }.mean(over: axes, keepingAxes: true, file: file, line: line)
      )
    let scale = pointwise([variance], at: location) { 1 / .sqrt($0[0] + Expression(epsilon)) }
    let rule = Standardization(axes: axes, isCentered: centering, hasWeight: weight != nil, hasBias: bias != nil)
    let operands = [self, mean, scale, weight, bias].compactMap(\.self)
    let result = graph.add(.standardization(rule), operands, at: location)
    return Moments(standardized: result, mean: mean, variance: variance)
  }

  /// The mean and the mean square deviation from it, by two sums that one pass over the tensor can take.
  ///
  /// Both are taken of distances from one of the elements, so that little cancels where the mean is large beside the
  /// deviations: the sum of squares exceeds what is left of it by the factor `1 + (element − mean)² / variance`. The element
  /// is from the middle of the axes, because what a padded convolution gives at the borders is unlike the rest.
  ///
  /// Source: Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 37(3),
  /// 1983, doi:10.1080/00031305.1983.10483115.
  private func deviations(over axes: [Int], at location: SourceLocation) -> (mean: Tensor?, variance: Tensor) {
    var starts = [Int](repeating: 0, count: shape.rank)
    var extents = shape.dimensions
    for axis in axes where shape.dimensions.indices.contains(axis) {
      starts[axis] = shape[axis] / 2
      extents[axis] = 1
    }
    let element = apply(.slice(Slice(starts: starts, shape: Shape(extents))), at: location)
    let distances = pointwise([self, element], at: location) { $0[0] - $0[1] }
    let squares = pointwise([self, element], at: location) { .square($0[0] - $0[1]) }
    let totals = [distances, squares].map {
      $0.apply(.reduction(Reduction(kind: .sum, axes: axes, keepsAxes: true)), at: location)
    }
    let share = Expression(Double(totals[0].shape.count) / Double(shape.count))
    return (
      pointwise([element, totals[0]], at: location) { $0[0] + share * $0[1] },
      pointwise(totals, at: location) { .max(share * $0[1] - .square(share * $0[0]), 0) }
    )
  }

}
