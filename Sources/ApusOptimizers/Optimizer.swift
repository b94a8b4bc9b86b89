import ApusExpression

/// A rule that moves parameters against their gradients: one file, one formula, every backend.
///
/// A conforming type is an immutable value whose hyperparameters are checked when it is made. What changes from step
/// to step is computed by `uniforms(step:learningRate:initialLearningRate:)`, a pure function, so that a resumed
/// run continues exactly; what changes from element to element is `update(_:_:)`.
public protocol Optimizer: Sendable {
  /// The name on the command line, such as `amsbound`.
  static var name: String { get }

  /// The learning rate that is used when none is given.
  static var defaultLearningRate: Double { get }

  /// How weight decay enters the update.
  static var weightDecayKind: WeightDecayKind { get }

  /// The names of the state values, in slot order; their number is the state's size in floats per parameter.
  static var stateNames: [String] { get }

  /// The paper that the formula follows.
  static var source: String { get }

  /// What can be set by name, in the order in which it is listed.
  static var hyperparameters: [Hyperparameter<Self>] { get }

  /// The optimizer with every hyperparameter at its default.
  static func standard() throws(OptimizerError) -> Self

  /// The scalars of one step, computed on the host in double precision.
  ///
  /// - Parameters:
  ///   - step: counts from 1.
  ///   - learningRate: the schedule's learning rate at this step.
  ///   - initialLearningRate: the learning rate that the schedule scales (AdaBound's bounds follow the ratio).
  func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double>

  /// The update of one element.
  ///
  /// Implementations are `@inlinable @inline(__always)`, free of branches, and touch only the state values
  /// that `stateNames` declares.
  static func update<F: Formula>(_ slots: inout Slots<F>, _ uniforms: Uniforms<F>)
}

extension Optimizer {
  /// The memory that the state takes for each parameter.
  public static var stateBytesPerParameter: Int { stateNames.count * MemoryLayout<Float>.stride }
}

/// How weight decay enters an update.
public enum WeightDecayKind: String, Sendable {
  /// The decayed parameter is added to the gradient: the L2 penalty, which passes through the moments.
  case coupled
  /// The parameter shrinks by learning rate × decay, apart from the gradient.
  case decoupled
}

/// The parameters that weight decay applies to.
public enum DecayedParameters: String, Sendable, CaseIterable {
  /// Every parameter, as `torch.optim` has it when it is given all of a model's.
  case all
  /// Those of two and more dimensions: weights and embeddings, not biases and the scales of norms.
  case matrices
}
