import ApusExpression

/// A rule that moves parameters against their gradients: one file, one formula, every backend.
public protocol Optimizer: Sendable {
  /// The name on the command line, such as `amsbound`.
  static var name: String { get }

  /// The names of the state values, in slot order; their number is the state's size in floats per parameter.
  static var stateNames: [String] { get }

  /// The scalars of one step, computed on the host in double precision.
  ///
  /// - Parameters:
  ///   - step: counts from 1.
  ///   - learningRate: the schedule's learning rate at this step.
  ///   - initialLearningRate: the schedule's learning rate at its start (AdaBound's bounds scale with the ratio).
  func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double>

  /// The update of one element.
  ///
  /// Implementations are `@inlinable @inline(__always)`, free of branches, and touch only the state values
  /// that `stateNames` declares.
  static func update<F: Formula>(_ slots: inout Slots<F>, _ uniforms: Uniforms<F>)
}
