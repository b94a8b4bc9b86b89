import ApusExpression

/// Gradient descent with a heavy ball: a decaying sum of gradients is the direction.
///
/// State: the velocity (4 bytes per parameter). As in PyTorch, the learning rate multiplies the velocity when it is
/// applied, not the gradient when it is taken in, so that a change of the rate acts at once; and the first
/// gradient enters the velocity undamped.
///
/// Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964,
/// doi:10.1016/0041-5553(64)90137-5; the form of `torch.optim.SGD`.
public struct Momentum {
  /// The velocity's decay per step.
  public private(set) var momentum: Double
  /// The share of each gradient after the first that does not enter the velocity.
  public private(set) var dampening: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(momentum: Double = 0.9, dampening: Double = 0, weightDecay: Double = 0) throws(OptimizerError) {
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Momentum: Optimizer {
  public static let name = "momentum"
  public static let defaultLearningRate = 0.01
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["velocity"]
  public static let source = "Polyak 1964, doi:10.1016/0041-5553(64)90137-5"
  public static let hyperparameters: [Hyperparameter<Momentum>] = [
    .momentum(\.momentum),
    .number("dampening", \.dampening, .decay, "share of each gradient after the first that is left out"),
    .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> Momentum { try Momentum() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    var u = Uniforms(rate: learningRate, weightDecay: weightDecay, beta1: momentum)
    u.beta1Complement = step == 1 ? 1 : 1 - dampening
    return u
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let velocity = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    s.state0 = velocity
    s.parameter = s.parameter - u.rate * velocity
  }
}
