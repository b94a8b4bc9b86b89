import ApusExpression

/// The binary cross-entropy of a logit, elementwise: `log(1 + exp(x)) − x z`, which no logit overflows.
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
public func sigmoidCrossEntropy<F: Formula>(_ x: F, _ z: F) -> F { F.softplus(x) - x * z }

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

/// The negative log-probability of integer labels, with smoothed labels and weighted classes, one per row.
///
/// With smoothing ε and C classes, a label stands for the distribution `(1 − ε) onehot + ε / C`; a class weight multiplies
/// that class's share, as in `torch.nn.functional.cross_entropy` with `reduction="none"`.
///
/// - Parameters:
///   - logits: `[…, C]`.
///   - labels: int32 `[…]`, each in `0 ..< C`.
///   - smoothing: ε, at least 0 and below 1.
///   - classWeights: `[C]`; nil for ones.
/// - Returns: `[…]`; see `meanCrossEntropy` for the usual mean.
///
/// Source of the smoothing: Szegedy et al., 2015, arXiv:1512.00567, section 7.
public func crossEntropy(
  _ logits: Tensor, labels: Tensor, smoothing: Double = 0, classWeights: Tensor? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let location = SourceLocation(file: file, line: line)
  guard (0..<1).contains(smoothing) else {
    logits.graph.report("cross-entropy: the smoothing must be at least 0 and below 1, not \(smoothing)", at: location)
    return logits
  }
  var hard = softmaxCrossEntropy(logits, labels: labels, file: file, line: line)
  if let classWeights { hard = hard * classWeights.gather(labels, file: file, line: line) }
  if smoothing == 0 { return hard }
  let spread: Tensor
  if let classWeights {
    spread = -(logits.logSoftmax(file: file, line: line) * classWeights).mean(over: [-1], file: file, line: line)
  } else {
    spread = logits.logSumExp(file: file, line: line) - logits.mean(over: [-1], file: file, line: line)
  }
  return pointwise([hard, spread], at: location) {
    Expression(1 - smoothing) * $0[0] + Expression(smoothing) * $0[1]
  }
}

/// The mean of `crossEntropy` over all rows, weighted by the labels' class weights where there are any.
public func meanCrossEntropy(
  _ logits: Tensor, labels: Tensor, smoothing: Double = 0, classWeights: Tensor? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let losses = crossEntropy(
    logits, labels: labels, smoothing: smoothing, classWeights: classWeights, file: file, line: line)
  guard let classWeights else { return losses.mean(file: file, line: line) }
  return losses.sum(file: file, line: line)
    / classWeights.gather(labels, file: file, line: line).sum(file: file, line: line)
}

/// The binary cross-entropy of a probability, elementwise: `−z log p − (1 − z) log(1 − p)`, each logarithm at least −100 as
/// in `torch.nn.functional.binary_cross_entropy`. From logits, `sigmoidCrossEntropy` is more exact.
public func binaryCrossEntropy(
  _ probabilities: Tensor, targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise([probabilities, targets], at: SourceLocation(file: file, line: line)) {
    let (p, z) = ($0[0], $0[1])
    return -(z * .max(.log(p), -100) + (1 - z) * .max(.log(1 - p), -100))
  }
}

/// `|a − b|`, elementwise; take the mean for the usual loss.
public func absoluteError(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pointwise([a, b], at: SourceLocation(file: file, line: line)) { .abs($0[0] - $0[1]) }
}

/// Half the squared error up to a distance of `delta`, and linear beyond, elementwise, as `torch.nn.HuberLoss`.
///
/// Source: Huber, "Robust Estimation of a Location Parameter", 1964, doi:10.1214/aoms/1177703732.
public func huberError(
  _ a: Tensor, _ b: Tensor, delta: Double = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise([a, b], at: SourceLocation(file: file, line: line)) {
    let (difference, delta) = ($0[0] - $0[1], Expression(delta))
    let distance = Expression.abs(difference)
    return .select(.less(distance, delta), 0.5 * difference * difference, delta * (distance - 0.5 * delta))
  }
}

/// The divergence of a diagonal Gaussian from the standard one, elementwise: `½ (μ² + σ² − 1 − log σ²)`; sum over the
/// latent axis.
///
/// - Parameters:
///   - mean: μ.
///   - logVariance: `log σ²`, of the same shape.
///
/// Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2013, arXiv:1312.6114, appendix B.
public func gaussianDivergence(
  mean: Tensor, logVariance: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pointwise([mean, logVariance], at: SourceLocation(file: file, line: line)) {
    0.5 * ($0[0] * $0[0] + .exp($0[1]) - 1 - $0[1])
  }
}

extension Tensor {
  /// Standard normal numbers of this tensor's shape, drawn anew in each step by the counter generator.
  ///
  /// Box and Muller's transformation of two uniform numbers an element.
  public func normalNoise(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let (first, second) = (graph.makeRandomStream(), graph.makeRandomStream())
    let zeros = graph.constant(0).broadcast(to: shape, file: file, line: line)
    return pointwise([zeros], at: SourceLocation(file: file, line: line)) {
      $0[0] + .sqrt(-2 * .log(1 - .random(stream: first))) * .cos(Expression(2 * Double.pi) * .random(stream: second))
    }
  }
}
