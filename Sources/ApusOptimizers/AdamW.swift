import ApusExpression
import Foundation

/// Adam whose weight decay does not pass through the moments: each step shrinks the parameter by
/// learning rate × decay before Adam's step is taken.
///
/// State: first and second moment (8 bytes per parameter).
///
/// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, arXiv:1711.05101; the form of
/// `torch.optim.AdamW`.
public struct AdamW {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the corrected second moment.
  public private(set) var epsilon: Double
  /// Times the learning rate, the share of the parameter that is lost at each step.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
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
extension AdamW: Optimizer {
  public static let name = "adamw"
  public static let defaultLearningRate = 0.001
  public static let weightDecayKind = WeightDecayKind.decoupled
  public static let stateNames = ["first_moment", "second_moment"]
  public static let source = "Loshchilov and Hutter 2019, arXiv:1711.05101"
  public static let hyperparameters: [Hyperparameter<AdamW>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> AdamW { try AdamW() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    var u = Uniforms(
      rate: learningRate / (1 - pow(beta1, Double(step))),
      weightDecay: learningRate * weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    u.rootScale = 1 / (1 - pow(beta2, Double(step))).squareRoot()
    return u
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * s.gradient)
    let secondMoment = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * s.gradient * s.gradient)
    s.state0 = firstMoment
    s.state1 = secondMoment
    // The decay is subtracted: a factor 1 − 1e-5 would lose most of its digits in single precision.
    let decayed = s.parameter - u.weightDecay * s.parameter
    s.parameter = decayed - u.rate * firstMoment / F.multiplyAdd(F.sqrt(secondMoment), u.rootScale, u.epsilon)
  }
}
