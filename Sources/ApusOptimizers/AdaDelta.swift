import ApusExpression

/// Gradients scaled by the ratio of two decaying roots: of past steps and of past gradients.
///
/// State: the mean squares of gradients and of steps (8 bytes per parameter). The ratio has the parameter's
/// unit, so the paper has no learning rate; the one here multiplies the step and is 1 by default.
///
/// Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, arXiv:1212.5701; the form of
/// `torch.optim.Adadelta`.
public struct AdaDelta {
  /// The decay of both mean squares per step.
  public private(set) var rho: Double
  /// Added to both mean squares under their roots; the first step is about its root in size.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0) throws(OptimizerError) {
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AdaDelta: Optimizer {
  public static let name = "adadelta"
  public static let defaultLearningRate = 1.0
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["mean_square", "mean_square_step"]
  public static let source = "Zeiler 2012, arXiv:1212.5701"
  public static let hyperparameters: [Hyperparameter<AdaDelta>] = [
    .number("rho", \.rho, .decay, "decay of both mean squares"),
    .number("epsilon", \.epsilon, .positive, "added under both roots; sets the first steps' size"),
    .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> AdaDelta { try AdaDelta() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(rate: learningRate, weightDecay: weightDecay, beta2: rho, epsilon: epsilon)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let meanSquare = F.multiplyAdd(u.beta2, s.state0, u.beta2Complement * gradient * gradient)
    let step = F.sqrt(s.state1 + u.epsilon) / F.sqrt(meanSquare + u.epsilon) * gradient
    s.state0 = meanSquare
    s.state1 = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * step * step)
    s.parameter = s.parameter - u.rate * step
  }
}
