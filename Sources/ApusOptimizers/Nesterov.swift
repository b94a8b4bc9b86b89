import ApusExpression

/// Nesterov's accelerated gradient: the step looks ahead along the velocity.
///
/// State: the velocity (4 bytes per parameter). The parameters that are stored are those at the look-ahead point, where
/// the gradient is taken, so that one gradient per step is enough.
///
/// Source: Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983; Sutskever et
/// al., "On the importance of initialization and momentum in deep learning", ICML 2013; the form of `torch.optim.SGD`.
public struct Nesterov {
  /// The velocity's decay per step.
  public private(set) var momentum: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(momentum: Double = 0.9, weightDecay: Double = 0) throws(OptimizerError) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Nesterov: Optimizer {
  public static let name = "nesterov"
  public static let defaultLearningRate = 0.01
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["velocity"]
  public static let source = "Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13.html"
  public static let hyperparameters: [Hyperparameter<Nesterov>] = [
    .momentum(\.momentum), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> Nesterov { try Nesterov() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(rate: learningRate, weightDecay: weightDecay, beta1: momentum)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let velocity = F.multiplyAdd(u.beta1, s.state0, gradient)
    s.state0 = velocity
    s.parameter = s.parameter - u.rate * F.multiplyAdd(u.beta1, velocity, gradient)
  }
}
