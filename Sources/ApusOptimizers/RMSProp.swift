import ApusExpression

/// Gradients divided by the root of a decaying mean of their squares.
///
/// State: the mean square (4 bytes per parameter).
///
/// Source: Tieleman and Hinton, "Lecture 6.5 — RMSProp", COURSERA: Neural Networks for Machine Learning, 2012; the
/// form of `torch.optim.RMSprop` (not centred, no momentum).
public struct RMSProp {
  /// The mean square's decay per step.
  public private(set) var alpha: Double
  /// Added to the root of the mean square.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0) throws(OptimizerError) {
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension RMSProp: Optimizer {
  public static let name = "rmsprop"
  public static let defaultLearningRate = 0.001
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["mean_square"]
  public static let source = "Tieleman and Hinton 2012, lecture 6.5"
  public static let hyperparameters: [Hyperparameter<RMSProp>] = [
    .number("alpha", \.alpha, .decay, "decay of the mean of squared gradients"),
    .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> RMSProp { try RMSProp() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(rate: learningRate, weightDecay: weightDecay, beta2: alpha, epsilon: epsilon)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let meanSquare = F.multiplyAdd(u.beta2, s.state0, u.beta2Complement * gradient * gradient)
    s.state0 = meanSquare
    s.parameter = s.parameter - u.rate * gradient / (F.sqrt(meanSquare) + u.epsilon)
  }
}
