/// Eight floats: the reading of `Formula` for AVX2 with fused multiply-add.
public struct Lanes8: Lanes {
  public typealias Condition = SIMDMask<SIMD8<Int32>>
  public typealias Words = Words8

  public var vector: SIMD8<Float>

  @inlinable @inline(__always)
  public init(vector: SIMD8<Float>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: Double) { vector = SIMD8(repeating: Float(value)) }

  @inlinable @inline(__always)
  public init(splat value: Float) { vector = SIMD8(repeating: value) }

  @inlinable @inline(__always)
  public init(floatLiteral value: Double) { self.init(value) }

  @inlinable @inline(__always)
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  @inlinable @inline(__always)
  public init(bits: Words8) { vector = unsafeBitCast(bits.vector, to: SIMD8<Float>.self) }

  @inlinable @inline(__always)
  public var bits: Words8 { Words8(vector: unsafeBitCast(vector, to: SIMD8<UInt32>.self)) }

  @inlinable @inline(__always)
  public static func + (a: Self, b: Self) -> Self { Self(vector: a.vector + b.vector) }

  @inlinable @inline(__always)
  public static func - (a: Self, b: Self) -> Self { Self(vector: a.vector - b.vector) }

  @inlinable @inline(__always)
  public static func * (a: Self, b: Self) -> Self { Self(vector: a.vector * b.vector) }

  @inlinable @inline(__always)
  public static func / (a: Self, b: Self) -> Self { Self(vector: a.vector / b.vector) }

  @inlinable @inline(__always)
  public static prefix func - (a: Self) -> Self { Self(bits: a.bits ^ Words8(0x8000_0000)) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    Self(vector: c.vector.addingProduct(a.vector, b.vector))
  }

  @inlinable @inline(__always)
  public static func sqrt(_ x: Self) -> Self { Self(vector: x.vector.squareRoot()) }

  @inlinable @inline(__always)
  public static func floor(_ x: Self) -> Self { Self(vector: x.vector.rounded(.down)) }

  @inlinable @inline(__always)
  public static func less(_ a: Self, _ b: Self) -> Condition { a.vector .< b.vector }

  @inlinable @inline(__always)
  public static func lessOrEqual(_ a: Self, _ b: Self) -> Condition { a.vector .<= b.vector }

  @inlinable @inline(__always)
  public static func equal(_ a: Self, _ b: Self) -> Condition { a.vector .== b.vector }

  @inlinable @inline(__always)
  public static func select(_ condition: Condition, _ a: Self, _ b: Self) -> Self {
    Self(vector: b.vector.replacing(with: a.vector, where: condition))
  }

  @inlinable @inline(__always)
  public static func any(_ condition: Condition) -> Bool {
    // By halves: the standard library's own reduction is a function that instruction sets would share.
    let bits = unsafeBitCast(condition, to: SIMD4<Int64>.self)
    let two = bits.lowHalf | bits.highHalf
    return two.x | two.y != 0
  }

  @inlinable @inline(__always)
  public var sum: Float {
    let a = vector.lowHalf + vector.highHalf
    let b = a.lowHalf + a.highHalf
    return b.x + b.y
  }

  @inlinable @inline(__always)
  public var maximum: Float {
    let a = vector.lowHalf.replacing(with: vector.highHalf, where: vector.lowHalf .< vector.highHalf)
    let b = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
    return b.x < b.y ? b.y : b.x
  }
}

/// The lanes of a `Lanes8` as unsigned words.
public struct Words8: LaneWords {
  public var vector: SIMD8<UInt32>

  @inlinable @inline(__always)
  public init(vector: SIMD8<UInt32>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: UInt32) { vector = SIMD8(repeating: value) }

  @inlinable @inline(__always)
  public static var ramp: Self { Self(vector: SIMD8(0, 1, 2, 3, 4, 5, 6, 7)) }

  @inlinable @inline(__always)
  public static func &+ (a: Self, b: Self) -> Self { Self(vector: a.vector &+ b.vector) }

  @inlinable @inline(__always)
  public static func &- (a: Self, b: Self) -> Self { Self(vector: a.vector &- b.vector) }

  @inlinable @inline(__always)
  public static func & (a: Self, b: Self) -> Self { Self(vector: a.vector & b.vector) }

  @inlinable @inline(__always)
  public static func | (a: Self, b: Self) -> Self { Self(vector: a.vector | b.vector) }

  @inlinable @inline(__always)
  public static func ^ (a: Self, b: Self) -> Self { Self(vector: a.vector ^ b.vector) }

  @inlinable @inline(__always)
  public func shiftedLeft(_ count: UInt32) -> Self { Self(vector: vector &<< SIMD8(repeating: count)) }

  @inlinable @inline(__always)
  public func shiftedRight(_ count: UInt32) -> Self { Self(vector: vector &>> SIMD8(repeating: count)) }

  @inlinable @inline(__always)
  public func multipliedFullWidth(by factor: UInt32) -> (low: Self, high: Self) {
    // Even and odd words are multiplied as 64-bit lanes whose upper half is zero: one instruction each.
    let pairs = unsafeBitCast(vector, to: SIMD4<UInt64>.self)
    let lower = SIMD4<UInt64>(repeating: 0xFFFF_FFFF)
    let shift = SIMD4<UInt64>(repeating: 32)
    let factors = SIMD4<UInt64>(repeating: UInt64(factor))
    let even = (pairs & lower) &* factors
    let odd = (pairs &>> shift) &* factors
    return (
      Self(vector: unsafeBitCast((even & lower) | (odd &<< shift), to: SIMD8<UInt32>.self)),
      Self(vector: unsafeBitCast((even &>> shift) | (odd & ~lower), to: SIMD8<UInt32>.self))
    )
  }
}
