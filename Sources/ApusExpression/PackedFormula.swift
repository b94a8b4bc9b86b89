/// Floats whose bit patterns can be worked on: what the elementary functions are written in. `Lanes` are one vector of them,
/// a `Pair` is two.
public protocol PackedFormula: Formula {
  /// The same floats as unsigned words, for bit patterns and random numbers.
  associatedtype Words: PackedWords

  /// The same number everywhere.
  init(splat value: Float)

  /// The floats with these bit patterns.
  init(bits: Words)

  /// The floats' bit patterns.
  var bits: Words { get }
}

/// The unsigned 32-bit words of packed floats, with the few operations that compile to single instructions.
public protocol PackedWords: Sendable {
  /// The same word everywhere.
  init(_ value: UInt32)

  static func &+ (a: Self, b: Self) -> Self
  static func &- (a: Self, b: Self) -> Self
  static func & (a: Self, b: Self) -> Self
  static func | (a: Self, b: Self) -> Self
  static func ^ (a: Self, b: Self) -> Self

  /// Each word shifted towards its high end.
  func shiftedLeft(_ count: UInt32) -> Self

  /// Each word shifted towards its low end, zeros moving in.
  func shiftedRight(_ count: UInt32) -> Self
}
