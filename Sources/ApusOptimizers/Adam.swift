import ApusExpression
import Foundation

/// The mean of gradients divided by the root of the mean of their squares, both corrected for their start at zero.
///
/// State: first and second moment (8 bytes per parameter).
///
/// Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980; epsilon placed as
/// in the paper's algorithm 1 and `torch.optim.Adam`.
public struct Adam {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the corrected second moment.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double
  /// Whether the moments' start at zero is corrected for; the paper's section 6.4 shows what happens without.
  public private(set) var biasCorrection: Bool

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    biasCorrection: Bool = true
  ) throws(OptimizerError) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.biasCorrection = biasCorrection
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Adam: Optimizer {
  public static let name = "adam"
  public static let defaultLearningRate = 0.001
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "second_moment"]
  public static let source = "Kingma and Ba 2015, arXiv:1412.6980"
  public static let hyperparameters: [Hyperparameter<Adam>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
    .flag("bias-correction", \.biasCorrection, "whether the moments' start at zero is corrected for"),
  ]

  public static func standard() throws(OptimizerError) -> Adam { try Adam() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    var u = Uniforms(
      rate: biasCorrection ? learningRate / (1 - pow(beta1, Double(step))) : learningRate,
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    u.rootScale = biasCorrection ? 1 / (1 - pow(beta2, Double(step))).squareRoot() : 1
    return u
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    let secondMoment = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * gradient * gradient)
    s.state0 = firstMoment
    s.state1 = secondMoment
    s.parameter = s.parameter - u.rate * firstMoment / F.multiplyAdd(F.sqrt(secondMoment), u.rootScale, u.epsilon)
  }
}
