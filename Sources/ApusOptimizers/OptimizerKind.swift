/// The registry: every optimizer that comes with Apus, one case and one row each.
///
/// Names, defaults, the documentation's table and each backend's closed list of compiled update loops follow from
/// it. An optimizer defined elsewhere conforms to `Optimizer` without a row here and runs through the backends'
/// general paths.
public enum OptimizerKind: String, Sendable, CaseIterable {
  case sgd, momentum, nesterov, adagrad, rmsprop, adadelta
  case adam, adamw, adamax, nadam, radam, amsgrad, adabound, amsbound, lion

  /// Calls the visitor with the optimizer's type.
  ///
  /// Inlined, so that where a backend visits, its generic loop is specialized for each optimizer.
  @inlinable @inline(__always)
  public func accept<Visitor: OptimizerVisitor>(_ visitor: Visitor) throws(Visitor.Failure) -> Visitor.Result {
    switch self {
    case .sgd: try visitor.visit(SGD.self)
    case .momentum: try visitor.visit(Momentum.self)
    case .nesterov: try visitor.visit(Nesterov.self)
    case .adagrad: try visitor.visit(AdaGrad.self)
    case .rmsprop: try visitor.visit(RMSProp.self)
    case .adadelta: try visitor.visit(AdaDelta.self)
    case .adam: try visitor.visit(Adam.self)
    case .adamw: try visitor.visit(AdamW.self)
    case .adamax: try visitor.visit(AdaMax.self)
    case .nadam: try visitor.visit(NAdam.self)
    case .radam: try visitor.visit(RAdam.self)
    case .amsgrad: try visitor.visit(AMSGrad.self)
    case .adabound: try visitor.visit(AdaBound.self)
    case .amsbound: try visitor.visit(AMSBound.self)
    case .lion: try visitor.visit(Lion.self)
    }
  }
}

/// A computation that needs an optimizer's concrete type.
public protocol OptimizerVisitor {
  /// What a visit gives.
  associatedtype Result
  /// What a visit throws.
  associatedtype Failure: Error = Never

  /// Called once, with the type of the optimizer that is visited.
  func visit<O: Optimizer>(_ type: O.Type) throws(Failure) -> Result
}

extension OptimizerKind {
  /// The optimizer's type.
  public var type: any Optimizer.Type { accept(TypeOfOptimizer()) }

  /// The kind of a name, in any spelling (`amsbound`, `AMSBound`, `ams-bound`).
  ///
  /// - Throws: `OptimizerError.unknownOptimizer`, with the nearest name and all known ones.
  public init(named name: String) throws(OptimizerError) {
    let key = canonicalName(name)
    guard let kind = OptimizerKind(rawValue: key) else {
      let known = OptimizerKind.allCases.map(\.rawValue)
      throw .unknownOptimizer(name: name, nearest: nearestName(to: name, in: known), known: known)
    }
    self = kind
  }

  /// An optimizer of this kind, its hyperparameters read from text by name, the rest at their defaults.
  ///
  /// - Throws: `OptimizerError` for an unknown name, text that is no value, or a value out of range.
  public func make(_ settings: [String: String] = [:]) throws(OptimizerError) -> any Optimizer {
    try accept(MakeOptimizer(settings: settings))
  }
}

private struct TypeOfOptimizer: OptimizerVisitor {
  func visit<O: Optimizer>(_ type: O.Type) -> any Optimizer.Type { type }
}

private struct MakeOptimizer: OptimizerVisitor {
  let settings: [String: String]

  func visit<O: Optimizer>(_ type: O.Type) throws(OptimizerError) -> any Optimizer { try O(settings) }
}
