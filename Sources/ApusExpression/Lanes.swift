/// A vector of floats as a reading of `Formula`: 4 lanes for any processor, 8 for AVX2, 16 for AVX-512.
///
/// Only code compiled for a matching instruction set may instantiate the 8- and 16-lane readings: their
/// `multiplyAdd` is one instruction there and a library call elsewhere.
public protocol Lanes: PackedFormula where Words: LaneWords {
  /// The standard library's vector.
  associatedtype Vector: SIMD & Sendable where Vector.Scalar == Float

  /// The lanes.
  var vector: Vector { get set }

  init(vector: Vector)

  /// Whether the condition holds in some lane.
  static func any(_ condition: Condition) -> Bool

  /// Four columns of a matrix: of `count` rows, `stride` floats apart, each column's elements in one vector.
  static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self)

  /// The sum of the lanes, by halving: always in the same order.
  var sum: Float { get }

  /// The largest lane, by halving; NaN is passed on only by chance.
  var maximum: Float { get }
}

/// The words of a vector of lanes.
public protocol LaneWords: PackedWords {
  /// The words 0, 1, 2, …
  static var ramp: Self { get }

  /// Each word's 64-bit product with a number, as two words.
  func multipliedFullWidth(by factor: UInt32) -> (low: Self, high: Self)
}

extension Lanes {
  /// How many floats one value holds.
  @inlinable @inline(__always)
  public static var count: Int { Vector.scalarCount }

  /// Reads `count` floats from memory of any alignment.
  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>) -> Self {
    Self(vector: UnsafeRawPointer(source).loadUnaligned(as: Vector.self))
  }

  /// Reads `count` floats from memory of any alignment.
  @inlinable @inline(__always)
  public static func load(_ source: UnsafeMutablePointer<Float>) -> Self {
    Self(vector: UnsafeRawPointer(source).loadUnaligned(as: Vector.self))
  }

  /// Writes `count` floats to memory of any alignment.
  @inlinable @inline(__always)
  public func store(_ destination: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(destination).storeBytes(of: vector, as: Vector.self)
  }
}
