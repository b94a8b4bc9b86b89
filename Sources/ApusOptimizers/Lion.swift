import ApusExpression

/// Every element moves by the learning rate: only the sign of a mix of momentum and gradient counts.
///
/// State: the momentum (4 bytes per parameter). The momentum is mixed with `beta1` for the step and decays with `beta2`.
///
/// Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv:2302.06675, algorithm 2.
public struct Lion {
  /// The share of the momentum in the mix whose sign is the step.
  public private(set) var beta1: Double
  /// The momentum's decay per step.
  public private(set) var beta2: Double
  /// Times the learning rate, the share of the parameter that is lost at each step.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0) throws(OptimizerError) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Lion: Optimizer {
  public static let name = "lion"
  public static let defaultLearningRate = 1e-4
  public static let weightDecayKind = WeightDecayKind.decoupled
  public static let stateNames = ["momentum"]
  public static let source = "Chen et al. 2023, arXiv:2302.06675"
  public static let hyperparameters: [Hyperparameter<Lion>] = [
    .number("beta1", \.beta1, .decay, "share of the momentum in the step's direction"),
    .number("beta2", \.beta2, .decay, "decay of the momentum"),
    .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> Lion { try Lion() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(rate: learningRate, weightDecay: learningRate * weightDecay, beta1: beta1, beta2: beta2)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let direction = F.sign(F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * s.gradient))
    s.state0 = F.multiplyAdd(u.beta2, s.state0, u.beta2Complement * s.gradient)
    s.parameter = s.parameter - u.weightDecay * s.parameter - u.rate * direction
  }
}
