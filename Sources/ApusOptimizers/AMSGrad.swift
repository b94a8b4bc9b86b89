import ApusExpression
import Foundation

/// Adam whose step sizes never grow: the largest second moment so far takes the second moment's place.
///
/// State: first moment, second moment and its running maximum (12 bytes per parameter). The maximum is taken before the
/// bias correction, as `torch.optim.Adam(amsgrad=True)` does.
///
/// Source: Reddi et al., "On the Convergence of Adam and Beyond", ICLR 2018, arXiv:1904.09237.
public struct AMSGrad {
  /// The first moment's decay per step.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the corrected largest second moment.
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
extension AMSGrad: Optimizer {
  public static let name = "amsgrad"
  public static let defaultLearningRate = 0.001
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "second_moment", "largest_second_moment"]
  public static let source = "Reddi et al. 2018, arXiv:1904.09237"
  public static let hyperparameters: [Hyperparameter<AMSGrad>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
  ]

  public static func standard() throws(OptimizerError) -> AMSGrad { try AMSGrad() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    var u = Uniforms(
      rate: learningRate / (1 - pow(beta1, Double(step))),
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    u.rootScale = 1 / (1 - pow(beta2, Double(step))).squareRoot()
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
    s.parameter = s.parameter - u.rate * firstMoment / F.multiplyAdd(F.sqrt(largest), u.rootScale, u.epsilon)
  }
}
