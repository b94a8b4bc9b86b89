/// Four floats: the reading of `Formula` that any processor can run.
///
/// On x86-64 `multiplyAdd` rounds twice, because the baseline has no fused instruction; on arm64 it is fused.
public struct Lanes4: Lanes {
  public typealias Condition = SIMDMask<SIMD4<Int32>>
  public typealias Words = Words4

  public var vector: SIMD4<Float>

  @inlinable @inline(__always)
  public init(vector: SIMD4<Float>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: Double) { vector = SIMD4(repeating: Float(value)) }

  @inlinable @inline(__always)
  public init(splat value: Float) { vector = SIMD4(repeating: value) }

  @inlinable @inline(__always)
  public init(floatLiteral value: Double) { self.init(value) }

  @inlinable @inline(__always)
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  @inlinable @inline(__always)
  public init(bits: Words4) { vector = unsafeBitCast(bits.vector, to: SIMD4<Float>.self) }

  @inlinable @inline(__always)
  public var bits: Words4 { Words4(vector: unsafeBitCast(vector, to: SIMD4<UInt32>.self)) }

  @inlinable @inline(__always)
  public static func + (a: Self, b: Self) -> Self { Self(vector: a.vector + b.vector) }

  @inlinable @inline(__always)
  public static func - (a: Self, b: Self) -> Self { Self(vector: a.vector - b.vector) }

  @inlinable @inline(__always)
  public static func * (a: Self, b: Self) -> Self { Self(vector: a.vector * b.vector) }

  @inlinable @inline(__always)
  public static func / (a: Self, b: Self) -> Self { Self(vector: a.vector / b.vector) }

  @inlinable @inline(__always)
  public static prefix func - (a: Self) -> Self { Self(bits: a.bits ^ Words4(0x8000_0000)) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    #if arch(arm64)
      Self(vector: c.vector.addingProduct(a.vector, b.vector))
    #else
      Self(vector: a.vector * b.vector + c.vector)
    #endif
  }

  @inlinable @inline(__always)
  public static func sqrt(_ x: Self) -> Self { Self(vector: x.vector.squareRoot()) }

  @inlinable @inline(__always)
  public static func floor(_ x: Self) -> Self {
    #if arch(arm64)
      return Self(vector: x.vector.rounded(.down))
    #else
      // Adding and taking away 2²³ rounds to an integer; from there on every float is one. The sign is put
      // back at the end for the sake of −0.
      let sign = x.bits & Words4(0x8000_0000)
      let size = Self(bits: x.bits ^ sign)
      let rounded = Self(bits: (size + 0x1p23 - 0x1p23).bits | sign)
      let lowered = select(less(x, rounded), rounded - 1, rounded)
      return select(less(size, 0x1p23), Self(bits: lowered.bits | sign), x)
    #endif
  }

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
    // The library's own is a generic function, whose specialization would be shared between instruction sets.
    let bits = SIMD4<UInt32>(repeating: 0).replacing(with: SIMD4(repeating: 1), where: condition)
    let a = bits.lowHalf | bits.highHalf
    return a.x | a.y != 0
  }

  @inlinable @inline(__always)
  public var sum: Float {
    let a = vector.lowHalf + vector.highHalf
    return a.x + a.y
  }

  @inlinable @inline(__always)
  public var maximum: Float {
    let a = vector.lowHalf.replacing(with: vector.highHalf, where: vector.lowHalf .< vector.highHalf)
    return a.x < a.y ? a.y : a.x
  }
}

/// The lanes of a `Lanes4` as unsigned words.
public struct Words4: LaneWords {
  public var vector: SIMD4<UInt32>

  @inlinable @inline(__always)
  public init(vector: SIMD4<UInt32>) { self.vector = vector }

  @inlinable @inline(__always)
  public init(_ value: UInt32) { vector = SIMD4(repeating: value) }

  @inlinable @inline(__always)
  public static var ramp: Self { Self(vector: SIMD4(0, 1, 2, 3)) }

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
  public func shiftedLeft(_ count: UInt32) -> Self { Self(vector: vector &<< SIMD4(repeating: count)) }

  @inlinable @inline(__always)
  public func shiftedRight(_ count: UInt32) -> Self { Self(vector: vector &>> SIMD4(repeating: count)) }

  @inlinable @inline(__always)
  public func multipliedFullWidth(by factor: UInt32) -> (low: Self, high: Self) {
    // Even and odd words are multiplied as 64-bit lanes whose upper half is zero: one instruction each.
    let pairs = unsafeBitCast(vector, to: SIMD2<UInt64>.self)
    let lower = SIMD2<UInt64>(repeating: 0xFFFF_FFFF)
    let shift = SIMD2<UInt64>(repeating: 32)
    let factors = SIMD2<UInt64>(repeating: UInt64(factor))
    let even = (pairs & lower) &* factors
    let odd = (pairs &>> shift) &* factors
    return (
      Self(vector: unsafeBitCast((even & lower) | (odd &<< shift), to: SIMD4<UInt32>.self)),
      Self(vector: unsafeBitCast((even &>> shift) | (odd & ~lower), to: SIMD4<UInt32>.self))
    )
  }
}
