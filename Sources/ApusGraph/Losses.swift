import ApusExpression

/// The binary cross-entropy of a logit, elementwise: `max(x, 0) − x z + log(1 + exp(−|x|))`.
///
/// - Parameters:
///   - logits: any shape.
///   - targets: probabilities in 0...1; broadcasts against `logits`.
/// - Returns: one loss per element; take the mean for the usual loss.
public func sigmoidCrossEntropy(
  _ logits: Tensor, targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise([logits, targets], at: SourceLocation(file: file, line: line)) { sigmoidCrossEntropy($0[0], $0[1]) }
}

/// The formula of the binary cross-entropy.
///
/// The absolute value is a selection whose branch at 0 is −x: with `max`'s derivative of 0 there, the
/// derivative at a logit of exactly 0 comes out as ½ − z, as it should.
public func sigmoidCrossEntropy<F: Formula>(_ x: F, _ z: F) -> F {
  let magnitude = F.select(F.less(0, x), x, -x)
  return F.max(x, 0) - x * z + F.log(1 + F.exp(-magnitude))
}

/// `(a − b)²`, elementwise; take the mean for the usual loss.
public func squaredError(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise([a, b], at: SourceLocation(file: file, line: line)) { .square($0[0] - $0[1]) }
}

/// The mean of `(a − b)²` over all elements.
public func meanSquaredError(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  squaredError(a, b, file: file, line: line).mean(file: file, line: line)
}
