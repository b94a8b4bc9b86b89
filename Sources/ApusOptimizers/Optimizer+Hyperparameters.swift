extension Optimizer {
  /// An optimizer whose hyperparameters are read from text by name, the rest at their defaults.
  ///
  /// `weight-decay`, `weight_decay` and `weightDecay` are the same name.
  ///
  /// - Throws: `OptimizerError` for an unknown name, text that is no value, or a value out of range.
  public init(_ settings: [String: String]) throws(OptimizerError) {
    var optimizer = try Self.standard()
    for (name, text) in settings.sorted(by: { $0.key < $1.key }) {
      let key = canonicalName(name)
      guard let row = Self.hyperparameters.first(where: { canonicalName($0.name) == key }) else {
        let known = Self.hyperparameters.map(\.name)
        throw .unknownHyperparameter(
          optimizer: Self.name, name: name, nearest: nearestName(to: name, in: known), known: known)
      }
      guard row.set(text, in: &optimizer) else {
        throw .invalidValue(owner: Self.name, name: row.name, value: "'\(text)'", allowed: row.allowed)
      }
    }
    try optimizer.validate()
    self = optimizer
  }

  /// Every hyperparameter with its value, in the order of `hyperparameters`.
  public var settings: [(name: String, value: HyperparameterValue)] {
    Self.hyperparameters.map { ($0.name, $0.value(of: self)) }
  }

  /// Throws for the first hyperparameter that is out of its range.
  func validate() throws(OptimizerError) {
    for row in Self.hyperparameters where !row.isValid(in: self) {
      throw .invalidValue(
        owner: Self.name, name: row.name, value: row.value(of: self).description, allowed: row.allowed)
    }
  }
}
