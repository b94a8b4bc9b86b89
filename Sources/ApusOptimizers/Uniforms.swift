import ApusExpression

/// The scalars that are the same for every element in one step of an optimizer.
///
/// The fields are the vocabulary of all optimizers; each uses a few. A complement such as `1 − β₂` is a field of
/// its own because it has to be computed in double precision: in single precision `1 − 0.999` is off by 5e-5.
public struct Uniforms<F: Formula> {
  /// The step's learning rate, bias correction included where the optimizer has one.
  public var rate: F
  /// Weight decay, as the optimizer applies it.
  public var weightDecay: F
  /// The decay of the first moment (or the momentum).
  public var beta1: F
  /// `1 − beta1`, or one minus the dampening.
  public var beta1Complement: F
  /// The decay of the second moment.
  public var beta2: F
  /// `1 − beta2`.
  public var beta2Complement: F
  /// Keeps a division away from zero.
  public var epsilon: F
  /// What the root of the second moment is multiplied by before epsilon is added: `1 / √(1 − β₂ᵗ)`.
  public var rootScale: F
  /// The lower bound of AdaBound's and AMSBound's step size.
  public var lower: F
  /// The upper bound of AdaBound's and AMSBound's step size.
  public var upper: F
  /// A second rate, for the optimizers whose step has two terms.
  public var secondRate: F
  /// A switch, 0 or 1, for the optimizers whose rule changes with the step.
  public var gate: F

  /// The number of fields.
  public static var count: Int { 12 }

  /// The fields' names, in order: the arguments of the rendered kernels.
  public static var names: [String] {
    [
      "rate", "weight_decay", "beta1", "beta1_complement", "beta2", "beta2_complement", "epsilon", "root_scale",
      "lower", "upper", "second_rate", "gate",
    ]
  }

  /// Builds each field from its position in `names`.
  @inlinable @inline(__always)
  public init(_ field: (Int) -> F) {
    rate = field(0)
    weightDecay = field(1)
    beta1 = field(2)
    beta1Complement = field(3)
    beta2 = field(4)
    beta2Complement = field(5)
    epsilon = field(6)
    rootScale = field(7)
    lower = field(8)
    upper = field(9)
    secondRate = field(10)
    gate = field(11)
  }

  /// All fields zero.
  @inlinable public init() { self.init { _ in 0 } }

  /// The fields in the order of `names`.
  @inlinable public var values: [F] {
    [
      rate, weightDecay, beta1, beta1Complement, beta2, beta2Complement, epsilon, rootScale, lower, upper, secondRate,
      gate,
    ]
  }
}

extension Uniforms: Sendable where F: Sendable {}

extension Uniforms<Double> {
  /// The scalars that most optimizers have; the complements are taken here, in double precision.
  init(rate: Double, weightDecay: Double, beta1: Double = 0, beta2: Double = 0, epsilon: Double = 0) {
    self.init()
    self.rate = rate
    self.weightDecay = weightDecay
    self.beta1 = beta1
    self.beta1Complement = 1 - beta1
    self.beta2 = beta2
    self.beta2Complement = 1 - beta2
    self.epsilon = epsilon
  }
}
