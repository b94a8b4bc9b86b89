/// Sixteen floats: the reading of `Formula` for AVX-512.
public struct Lanes16: Lanes {
  public typealias Condition = SIMDMask<SIMD16<Int32>>
  public typealias Words = Words16

  public var vector: SIMD16<Float>

  @inlinable @inline(__always)
  public init(vector: SIMD16<Float>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: Double) { vector = SIMD16(repeating: Float(value)) }

  @inlinable @inline(__always)
  public init(splat value: Float) { vector = SIMD16(repeating: value) }

  @inlinable @inline(__always)
  public init(floatLiteral value: Double) { self.init(value) }

  @inlinable @inline(__always)
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  @inlinable @inline(__always)
  public init(bits: Words16) { vector = unsafeBitCast(bits.vector, to: SIMD16<Float>.self) }

  @inlinable @inline(__always)
  public var bits: Words16 { Words16(vector: unsafeBitCast(vector, to: SIMD16<UInt32>.self)) }

  @inlinable @inline(__always)
  public static func + (a: Self, b: Self) -> Self { Self(vector: a.vector + b.vector) }

  @inlinable @inline(__always)
  public static func - (a: Self, b: Self) -> Self { Self(vector: a.vector - b.vector) }

  @inlinable @inline(__always)
  public static func * (a: Self, b: Self) -> Self { Self(vector: a.vector * b.vector) }

  @inlinable @inline(__always)
  public static func / (a: Self, b: Self) -> Self { Self(vector: a.vector / b.vector) }

  @inlinable @inline(__always)
  public static prefix func - (a: Self) -> Self { Self(bits: a.bits ^ Words16(0x8000_0000)) }

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
    let bits = unsafeBitCast(condition, to: SIMD8<Int64>.self)
    let four = bits.lowHalf | bits.highHalf
    let two = four.lowHalf | four.highHalf
    return two.x | two.y != 0
  }

  @inlinable @inline(__always)
  public var sum: Float {
    let a = vector.lowHalf + vector.highHalf
    let b = a.lowHalf + a.highHalf
    let c = b.lowHalf + b.highHalf
    return c.x + c.y
  }

  @inlinable @inline(__always)
  public var maximum: Float {
    let a = vector.lowHalf.replacing(with: vector.highHalf, where: vector.lowHalf .< vector.highHalf)
    let b = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
    let c = b.lowHalf.replacing(with: b.highHalf, where: b.lowHalf .< b.highHalf)
    return c.x < c.y ? c.y : c.x
  }
}

/// The lanes of a `Lanes16` as unsigned words.
public struct Words16: LaneWords {
  public var vector: SIMD16<UInt32>

  @inlinable @inline(__always)
  public init(vector: SIMD16<UInt32>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: UInt32) { vector = SIMD16(repeating: value) }

  @inlinable @inline(__always)
  public static var ramp: Self { Self(vector: SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)) }

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
  public func shiftedLeft(_ count: UInt32) -> Self { Self(vector: vector &<< SIMD16(repeating: count)) }

  @inlinable @inline(__always)
  public func shiftedRight(_ count: UInt32) -> Self { Self(vector: vector &>> SIMD16(repeating: count)) }

  @inlinable @inline(__always)
  public func multipliedFullWidth(by factor: UInt32) -> (low: Self, high: Self) {
    // Even and odd words are multiplied as 64-bit lanes whose upper half is zero: one instruction each.
    let pairs = unsafeBitCast(vector, to: SIMD8<UInt64>.self)
    let lower = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    let shift = SIMD8<UInt64>(repeating: 32)
    let factors = SIMD8<UInt64>(repeating: UInt64(factor))
    let even = (pairs & lower) &* factors
    let odd = (pairs &>> shift) &* factors
    return (
      Self(vector: unsafeBitCast((even & lower) | (odd &<< shift), to: SIMD16<UInt32>.self)),
      Self(vector: unsafeBitCast((even &>> shift) | (odd & ~lower), to: SIMD16<UInt32>.self))
    )
  }
}
