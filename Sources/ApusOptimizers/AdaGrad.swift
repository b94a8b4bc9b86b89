import ApusExpression

/// Each parameter's rate falls with the root of the sum of its squared gradients.
///
/// State: the sum of squares (4 bytes per parameter).
///
/// Source: Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 12, 2011;
/// the form of `torch.optim.Adagrad`.
public struct AdaGrad {
  /// The rate at step `t` is divided by `1 + learningRateDecay × (t − 1)`.
  public private(set) var learningRateDecay: Double
  /// Added to the root of the sum of squares.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    learningRateDecay: Double = 0, epsilon: Double = 1e-10, weightDecay: Double = 0
  ) throws(OptimizerError) {
    self.learningRateDecay = learningRateDecay
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AdaGrad: Optimizer {
  public static let name = "adagrad"
  public static let defaultLearningRate = 0.01
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["sum_of_squares"]
  public static let source = "Duchi et al. 2011, jmlr.org/papers/v12/duchi11a.html"
  public static let hyperparameters: [Hyperparameter<AdaGrad>] = [
    .number("lr-decay", \.learningRateDecay, .nonNegative, "the rate is divided by 1 + decay × (step − 1)"),
    .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> AdaGrad { try AdaGrad() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(
      rate: learningRate / (1 + Double(step - 1) * learningRateDecay),
      weightDecay: weightDecay, epsilon: epsilon)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let sumOfSquares = F.multiplyAdd(gradient, gradient, s.state0)
    s.state0 = sumOfSquares
    s.parameter = s.parameter - u.rate * gradient / (F.sqrt(sumOfSquares) + u.epsilon)
  }
}
