import ApusExpression
import Foundation

/// AdaBound on AMSGrad: the largest second moment so far sets the step size, which is then clipped into the
/// narrowing band.
///
/// State: first moment, second moment and its running maximum (12 bytes per parameter).
///
/// The defaults of the learning rate and of `finalRate` are not the paper's 0.001 and 0.1, which are slow for a multilayer
/// perceptron; Documentation/Optimizers.md has the figures.
///
/// Source: Luo et al., "Adaptive Gradient Methods with Dynamic Bound of Learning Rate", ICLR 2019, arXiv:1902.09843; the
/// authors' published `adabound.py` with `amsbound=True`.
public struct AMSBound {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the largest second moment, before its correction.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double
  /// The step size that both bounds close in on.
  public private(set) var finalRate: Double
  /// How fast they do, per step.
  public private(set) var gamma: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    finalRate: Double = 0.2, gamma: Double = 2e-4
  ) throws(OptimizerError) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.finalRate = finalRate
    self.gamma = gamma
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension AMSBound: Optimizer {
  public static let name = "amsbound"
  public static let defaultLearningRate = 0.005
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "second_moment", "largest_second_moment"]
  public static let source = "Luo et al. 2019, arXiv:1902.09843"
  public static let hyperparameters: [Hyperparameter<AMSBound>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
    .finalRate(\.finalRate), .gamma(\.gamma),
  ]

  public static func standard() throws(OptimizerError) -> AMSBound { try AMSBound() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    let t = Double(step)
    let bound = finalRate * learningRate / initialLearningRate
    var u = Uniforms(
      rate: learningRate * (1 - pow(beta2, t)).squareRoot() / (1 - pow(beta1, t)),
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    u.lower = bound * (1 - 1 / (gamma * t + 1))
    u.upper = bound * (1 + 1 / (gamma * t))
    return u
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    let secondMoment = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * gradient * gradient)
    let largest = F.max(secondMoment, s.state2)
    s.state0 = firstMoment
    s.state1 = secondMoment
    s.state2 = largest
    let stepSize = F.min(F.max(u.rate / (F.sqrt(largest) + u.epsilon), u.lower), u.upper)
    s.parameter = s.parameter - stepSize * firstMoment
  }
}
