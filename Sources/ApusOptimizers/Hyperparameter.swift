/// One setting of an optimizer that has a name: on the command line, in a configuration file, in an error.
public struct Hyperparameter<Owner>: Sendable {
  /// The name, in kebab case.
  public let name: String
  /// What it does, in a few words.
  public let summary: String

  private let storage: Storage

  private enum Storage: Sendable {
    case number(WritableKeyPath<Owner, Double> & Sendable, AllowedRange)
    case flag(WritableKeyPath<Owner, Bool> & Sendable)
  }

  /// A number within a range.
  public static func number(
    _ name: String, _ path: WritableKeyPath<Owner, Double> & Sendable, _ allowed: AllowedRange, _ summary: String
  ) -> Self {
    Self(name: name, summary: summary, storage: .number(path, allowed))
  }

  /// A switch.
  public static func flag(
    _ name: String, _ path: WritableKeyPath<Owner, Bool> & Sendable, _ summary: String
  ) -> Self {
    Self(name: name, summary: summary, storage: .flag(path))
  }

  /// The owner's value.
  public func value(of owner: Owner) -> HyperparameterValue {
    switch storage {
    case .number(let path, _): .number(owner[keyPath: path])
    case .flag(let path): .flag(owner[keyPath: path])
    }
  }

  /// What may be given, in words.
  public var allowed: String {
    switch storage {
    case .number(_, let range): range.description
    case .flag: "true or false"
    }
  }

  /// Whether the owner's value is within the range.
  func isValid(in owner: Owner) -> Bool {
    switch storage {
    case .number(let path, let range): range.contains(owner[keyPath: path])
    case .flag: true
    }
  }

  /// Reads the value from text; false when the text is no such value.
  func set(_ text: String, in owner: inout Owner) -> Bool {
    switch storage {
    case .number(let path, _):
      guard let number = Double(text) else { return false }
      owner[keyPath: path] = number
    case .flag(let path):
      guard let flag = Bool(text) else { return false }
      owner[keyPath: path] = flag
    }
    return true
  }
}

/// A hyperparameter's value; its description is the text that it is read from.
public enum HyperparameterValue: Sendable, Hashable, CustomStringConvertible {
  /// A number.
  case number(Double)
  /// A switch.
  case flag(Bool)

  /// The shortest text that gives the value back.
  public var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    }
  }
}

/// An interval that a number has to lie in.
public struct AllowedRange: Sendable, CustomStringConvertible {
  let lower: Double
  let includesLower: Bool
  let upper: Double

  /// From 0, included, to 1, excluded: a decay.
  public static let decay = AllowedRange(lower: 0, includesLower: true, upper: 1)
  /// Above 0 and below 1.
  public static let fraction = AllowedRange(lower: 0, includesLower: false, upper: 1)
  /// 0 or more, and finite.
  public static let nonNegative = AllowedRange(lower: 0, includesLower: true, upper: .infinity)
  /// More than 0, and finite.
  public static let positive = AllowedRange(lower: 0, includesLower: false, upper: .infinity)

  /// Whether a value lies inside; a NaN and the infinities never do.
  public func contains(_ value: Double) -> Bool {
    (includesLower ? value >= lower : value > lower) && value < upper
  }

  /// The interval in words.
  public var description: String {
    "\(includesLower ? "at least" : "above") 0" + (upper == 1 ? " and below 1" : " and finite")
  }
}

// The rows that several optimizers share.
extension Hyperparameter {
  static func beta1(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("beta1", path, .decay, "decay of the mean of gradients")
  }

  static func beta2(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("beta2", path, .decay, "decay of the mean of squared gradients")
  }

  static func epsilon(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("epsilon", path, .nonNegative, "keeps a division away from zero")
  }

  static func weightDecay(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("weight-decay", path, .nonNegative, "pull of the parameters toward zero")
  }

  static func momentum(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("momentum", path, .decay, "decay of the velocity")
  }

  static func finalRate(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("final-lr", path, .positive, "the step size that the bounds close in on")
  }

  static func gamma(_ path: WritableKeyPath<Owner, Double> & Sendable) -> Self {
    number("gamma", path, .fraction, "how fast the bounds close in, per step")
  }
}
