import ApusExpression
import Foundation

/// Adam with a decaying maximum of the gradients' size in the place of their root mean square.
///
/// State: first moment and infinity norm (8 bytes per parameter).
///
/// Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980, section 7.1; epsilon
/// placed as in `torch.optim.Adamax`.
public struct AdaMax {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The infinity norm's decay per step.
  public private(set) var beta2: Double
  /// Added to the gradient's size before it enters the maximum.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) throws(OptimizerError) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AdaMax: Optimizer {
  public static let name = "adamax"
  public static let defaultLearningRate = 0.002
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "infinity_norm"]
  public static let source = "Kingma and Ba 2015, arXiv:1412.6980, section 7.1"
  public static let hyperparameters: [Hyperparameter<AdaMax>] = [
    .beta1(\.beta1),
    .number("beta2", \.beta2, .decay, "decay of the gradients' largest size"),
    .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> AdaMax { try AdaMax() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(
      rate: learningRate / (1 - pow(beta1, Double(step))),
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    let infinityNorm = F.max(F.abs(gradient) + u.epsilon, u.beta2 * s.state1)
    s.state0 = firstMoment
    s.state1 = infinityNorm
    s.parameter = s.parameter - u.rate * firstMoment / infinityNorm
  }
}
