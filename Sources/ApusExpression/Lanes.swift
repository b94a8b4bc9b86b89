/// A vector of floats as a reading of `Formula`: 4 lanes for any processor, 8 for AVX2, 16 for AVX-512.
///
/// Only code compiled for a matching instruction set may instantiate the 8- and 16-lane readings: their
/// `multiplyAdd` is one instruction there and a library call elsewhere.
public protocol Lanes: Formula {
  /// The standard library's vector.
  associatedtype Vector: SIMD & Sendable where Vector.Scalar == Float

  /// The lanes.
  var vector: Vector { get set }

  init(vector: Vector)
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
