/// Eight floats: the reading of `Formula` for AVX2 with fused multiply-add.
package struct Lanes8: Lanes {
  package typealias Condition = SIMDMask<SIMD8<Int32>>
  package typealias Words = Words8

  package var vector: SIMD8<Float>

  @inlinable @inline(__always)
  package init(vector: SIMD8<Float>) { self.vector = vector }

  @inlinable @inline(__always)
  package init(_ value: Double) { vector = SIMD8(repeating: Float(value)) }

  @inlinable @inline(__always)
  package init(splat value: Float) { vector = SIMD8(repeating: value) }

  @inlinable @inline(__always)
  package init(floatLiteral value: Double) { self.init(value) }

  @inlinable @inline(__always)
  package init(integerLiteral value: Int) { self.init(Double(value)) }

  @inlinable @inline(__always)
  package init(bits: Words8) { vector = unsafeBitCast(bits.vector, to: SIMD8<Float>.self) }

  @inlinable @inline(__always)
  package var bits: Words8 { Words8(vector: unsafeBitCast(vector, to: SIMD8<UInt32>.self)) }

  @inlinable @inline(__always)
  package static func + (a: Self, b: Self) -> Self { Self(vector: a.vector + b.vector) }

  @inlinable @inline(__always)
  package static func - (a: Self, b: Self) -> Self { Self(vector: a.vector - b.vector) }

  @inlinable @inline(__always)
  package static func * (a: Self, b: Self) -> Self { Self(vector: a.vector * b.vector) }

  @inlinable @inline(__always)
  package static func / (a: Self, b: Self) -> Self { Self(vector: a.vector / b.vector) }

  @inlinable @inline(__always)
  package static prefix func - (a: Self) -> Self { Self(bits: a.bits ^ Words8(0x8000_0000)) }

  @inlinable @inline(__always)
  package static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    Self(vector: c.vector.addingProduct(a.vector, b.vector))
  }

  @inlinable @inline(__always)
  package static func sqrt(_ x: Self) -> Self { Self(vector: x.vector.squareRoot()) }

  @inlinable @inline(__always)
  package static func floor(_ x: Self) -> Self { Self(vector: x.vector.rounded(.down)) }

  @inlinable @inline(__always)
  package static func less(_ a: Self, _ b: Self) -> Condition { a.vector .< b.vector }

  @inlinable @inline(__always)
  package static func lessOrEqual(_ a: Self, _ b: Self) -> Condition { a.vector .<= b.vector }

  @inlinable @inline(__always)
  package static func equal(_ a: Self, _ b: Self) -> Condition { a.vector .== b.vector }

  @inlinable @inline(__always)
  package static func select(_ condition: Condition, _ a: Self, _ b: Self) -> Self {
    Self(vector: b.vector.replacing(with: a.vector, where: condition))
  }

  @inlinable @inline(__always)
  package static func any(_ condition: Condition) -> Bool { Swift.any(condition) }

  @inlinable @inline(__always)
  package var sum: Float {
    let a = vector.lowHalf + vector.highHalf
    let b = a.lowHalf + a.highHalf
    return b.x + b.y
  }

  @inlinable @inline(__always)
  package var maximum: Float {
    let a = vector.lowHalf.replacing(with: vector.highHalf, where: vector.lowHalf .< vector.highHalf)
    let b = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
    return b.x < b.y ? b.y : b.x
  }
}

/// The lanes of a `Lanes8` as unsigned words.
package struct Words8: LaneWords {
  package var vector: SIMD8<UInt32>

  @inlinable @inline(__always)
  package init(vector: SIMD8<UInt32>) { self.vector = vector }

  @inlinable @inline(__always)
  package init(_ value: UInt32) { vector = SIMD8(repeating: value) }

  @inlinable @inline(__always)
  package static var ramp: Self { Self(vector: SIMD8(0, 1, 2, 3, 4, 5, 6, 7)) }

  @inlinable @inline(__always)
  package static func &+ (a: Self, b: Self) -> Self { Self(vector: a.vector &+ b.vector) }

  @inlinable @inline(__always)
  package static func &- (a: Self, b: Self) -> Self { Self(vector: a.vector &- b.vector) }

  @inlinable @inline(__always)
  package static func & (a: Self, b: Self) -> Self { Self(vector: a.vector & b.vector) }

  @inlinable @inline(__always)
  package static func | (a: Self, b: Self) -> Self { Self(vector: a.vector | b.vector) }

  @inlinable @inline(__always)
  package static func ^ (a: Self, b: Self) -> Self { Self(vector: a.vector ^ b.vector) }

  @inlinable @inline(__always)
  package func shiftedLeft(_ count: UInt32) -> Self { Self(vector: vector &<< SIMD8(repeating: count)) }

  @inlinable @inline(__always)
  package func shiftedRight(_ count: UInt32) -> Self { Self(vector: vector &>> SIMD8(repeating: count)) }

  @inlinable @inline(__always)
  package func multipliedFullWidth(by factor: UInt32) -> (low: Self, high: Self) {
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
