import ApusExpression
import Foundation

/// Adam that starts as plain momentum and turns adaptive, by a factor that rises to one, once the second moment
/// has seen enough gradients for its variance to be finite.
///
/// State: first and second moment (8 bytes per parameter).
///
/// Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020, arXiv:1908.03265; the form
/// of `torch.optim.RAdam`, whose switch is at a length of 5 (the paper's is at 4).
public struct RAdam {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the second moment, before its correction.
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
extension RAdam: Optimizer {
  public static let name = "radam"
  public static let defaultLearningRate = 0.001
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "second_moment"]
  public static let source = "Liu et al. 2020, arXiv:1908.03265"
  public static let hyperparameters: [Hyperparameter<RAdam>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> RAdam { try RAdam() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    let t = Double(step)
    let correction2 = 1 - pow(beta2, t)
    // ρ∞ and ρₜ, the lengths of the simple averages that the second moment stands for.
    let longest = 2 / (1 - beta2) - 1
    let length = longest - 2 * t * pow(beta2, t) / correction2

    var u = Uniforms(
      rate: learningRate / (1 - pow(beta1, t)),
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    if length > 5 {
      let rectification =
        ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)).squareRoot()
      u.rate *= rectification * correction2.squareRoot()
      u.gate = 1
    }
    return u
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    let secondMoment = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * gradient * gradient)
    s.state0 = firstMoment
    s.state1 = secondMoment
    let scale = F.select(F.less(0, u.gate), F.sqrt(secondMoment) + u.epsilon, 1)
    s.parameter = s.parameter - u.rate * firstMoment / scale
  }
}
