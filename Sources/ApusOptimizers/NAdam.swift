import ApusExpression
import Foundation

/// Adam with Nesterov's look-ahead: the step mixes the first moment, as it will be weighted next, with the gradient.
///
/// State: first and second moment (8 bytes per parameter). The momentum warms up: at step `t` it is
/// `mu(t) = beta1 · (1 − 0.96^(t·momentumDecay) / 2)`.
///
/// Source: Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016,
/// openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ; the form of `torch.optim.NAdam`.
public struct NAdam {
  /// The first moment's decay per step, and the momentum's final value.
  public private(set) var beta1: Double
  /// The second moment's decay per step.
  public private(set) var beta2: Double
  /// Added to the root of the corrected second moment.
  public private(set) var epsilon: Double
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double
  /// How fast the momentum rises from half of `beta1` to all of it.
  public private(set) var momentumDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    momentumDecay: Double = 0.004
  ) throws(OptimizerError) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentumDecay = momentumDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension NAdam: Optimizer {
  public static let name = "nadam"
  public static let defaultLearningRate = 0.002
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames = ["first_moment", "second_moment"]
  public static let source = "Dozat 2016, openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ"
  public static let hyperparameters: [Hyperparameter<NAdam>] = [
    .beta1(\.beta1), .beta2(\.beta2), .epsilon(\.epsilon), .weightDecay(\.weightDecay),
    .number("momentum-decay", \.momentumDecay, .nonNegative, "how fast the momentum warms up"),
  ]

  public static func standard() throws(OptimizerError) -> NAdam { try NAdam() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    let product = momentumProduct(through: step)
    let next = momentum(at: step + 1)
    var u = Uniforms(
      rate: learningRate * next / (1 - product * next),
      weightDecay: weightDecay, beta1: beta1, beta2: beta2, epsilon: epsilon)
    u.secondRate = learningRate * (1 - momentum(at: step)) / (1 - product)
    u.rootScale = 1 / (1 - pow(beta2, Double(step))).squareRoot()
    return u
  }

  /// The warmed-up momentum, `mu(step)`.
  func momentum(at step: Int) -> Double {
    beta1 * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
  }

  /// `mu(1) · mu(2) ⋯ mu(step)`, in closed form, so that nothing has to be carried from step to step.
  ///
  /// With `q = 0.96^momentumDecay` the product is `beta1^t · ∏ (1 − qⁱ/2)`, and by the series of the logarithm
  /// `ln ∏ (1 − qⁱ/2) = −∑ₖ 2⁻ᵏ/k · ∑ᵢ qⁱᵏ`, whose inner sum is geometric. 60 terms leave less than 2⁻⁶⁰ of it out.
  func momentumProduct(through step: Int) -> Double {
    let logarithm = momentumDecay * Foundation.log(0.96)
    let t = Double(step)
    var sum = 0.0
    var weight = 1.0
    for k in 1...60 {
      weight /= 2
      let ratio = Double(k) * logarithm
      let geometric = ratio == 0 ? t : Foundation.exp(ratio) * expm1(ratio * t) / expm1(ratio)
      sum += weight / Double(k) * geometric
    }
    return pow(beta1, t) * Foundation.exp(-sum)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    let firstMoment = F.multiplyAdd(u.beta1, s.state0, u.beta1Complement * gradient)
    let secondMoment = F.multiplyAdd(u.beta2, s.state1, u.beta2Complement * gradient * gradient)
    s.state0 = firstMoment
    s.state1 = secondMoment
    let direction = F.multiplyAdd(u.rate, firstMoment, u.secondRate * gradient)
    s.parameter = s.parameter - direction / F.multiplyAdd(F.sqrt(secondMoment), u.rootScale, u.epsilon)
  }
}
