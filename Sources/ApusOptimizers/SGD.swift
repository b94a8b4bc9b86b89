import ApusExpression

/// Stochastic gradient descent: the parameter moves against its gradient, and nothing is remembered.
///
/// Source: Robbins and Monro, "A Stochastic Approximation Method", 1951, doi:10.1214/aoms/1177729586.
public struct SGD {
  /// What the gradient is pulled by: the parameter times this is added to it.
  public private(set) var weightDecay: Double

  /// Checks every hyperparameter.
  ///
  /// - Throws: `OptimizerError` when a hyperparameter is out of its range.
  public init(weightDecay: Double = 0) throws(OptimizerError) {
    self.weightDecay = weightDecay
    try validate()
  }
}

// The protocol documents what it requires.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SGD: Optimizer {
  public static let name = "sgd"
  public static let defaultLearningRate = 0.1
  public static let weightDecayKind = WeightDecayKind.coupled
  public static let stateNames: [String] = []
  public static let source = "Robbins and Monro 1951, doi:10.1214/aoms/1177729586"
  public static let hyperparameters: [Hyperparameter<SGD>] = [.weightDecay(\.weightDecay)]

  public static func standard() throws(OptimizerError) -> SGD { try SGD() }

  public func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    Uniforms(rate: learningRate, weightDecay: weightDecay)
  }

  @inlinable @inline(__always)
  public static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    let gradient = F.multiplyAdd(u.weightDecay, s.parameter, s.gradient)
    s.parameter = s.parameter - u.rate * gradient
  }
}
