// Rows are gathered four columns at a time so that each of a vector's 128-bit parts holds four rows' worth; one
// 4×4 transposition in every part at once then yields whole columns. Between the stages the lanes change their type:
// otherwise the compiler looks through all stages at once and puts single lanes together.

/// Four floats from memory of any alignment, as two pairs.
@inlinable @inline(__always)
func quad(_ source: UnsafePointer<Float>) -> SIMD2<UInt64> {
  UnsafeRawPointer(source).loadUnaligned(as: SIMD2<UInt64>.self)
}

extension Lanes4 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = unsafeBitCast(quad(source), to: SIMD4<Float>.self)
    let r1 = unsafeBitCast(quad(source + stride), to: SIMD4<Float>.self)
    let r2 = unsafeBitCast(quad(source + 2 * stride), to: SIMD4<Float>.self)
    let r3 = unsafeBitCast(quad(source + 3 * stride), to: SIMD4<Float>.self)
    let low01 = unsafeBitCast(SIMD4(r0[0], r1[0], r0[1], r1[1]), to: SIMD2<UInt64>.self)
    let high01 = unsafeBitCast(SIMD4(r0[2], r1[2], r0[3], r1[3]), to: SIMD2<UInt64>.self)
    let low23 = unsafeBitCast(SIMD4(r2[0], r3[0], r2[1], r3[1]), to: SIMD2<UInt64>.self)
    let high23 = unsafeBitCast(SIMD4(r2[2], r3[2], r2[3], r3[3]), to: SIMD2<UInt64>.self)
    return (
      Self(pairs: SIMD2(low01[0], low23[0])), Self(pairs: SIMD2(low01[1], low23[1])),
      Self(pairs: SIMD2(high01[0], high23[0])), Self(pairs: SIMD2(high01[1], high23[1]))
    )
  }

  @inlinable @inline(__always)
  init(pairs: SIMD2<UInt64>) { vector = unsafeBitCast(pairs, to: SIMD4<Float>.self) }
}

extension Lanes8 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = unsafeBitCast(SIMD4(lowHalf: quad(source), highHalf: quad(source + 4 * stride)), to: SIMD8<Float>.self)
    let r1 = unsafeBitCast(
      SIMD4(lowHalf: quad(source + stride), highHalf: quad(source + 5 * stride)), to: SIMD8<Float>.self)
    let r2 = unsafeBitCast(
      SIMD4(lowHalf: quad(source + 2 * stride), highHalf: quad(source + 6 * stride)), to: SIMD8<Float>.self)
    let r3 = unsafeBitCast(
      SIMD4(lowHalf: quad(source + 3 * stride), highHalf: quad(source + 7 * stride)), to: SIMD8<Float>.self)
    let low01 = unsafeBitCast(
      SIMD8(
        r0[0], r1[0], r0[1], r1[1],
        r0[4], r1[4], r0[5], r1[5]), to: SIMD4<UInt64>.self)
    let high01 = unsafeBitCast(
      SIMD8(
        r0[2], r1[2], r0[3], r1[3],
        r0[6], r1[6], r0[7], r1[7]), to: SIMD4<UInt64>.self)
    let low23 = unsafeBitCast(
      SIMD8(
        r2[0], r3[0], r2[1], r3[1],
        r2[4], r3[4], r2[5], r3[5]), to: SIMD4<UInt64>.self)
    let high23 = unsafeBitCast(
      SIMD8(
        r2[2], r3[2], r2[3], r3[3],
        r2[6], r3[6], r2[7], r3[7]), to: SIMD4<UInt64>.self)
    return (
      Self(pairs: SIMD4(low01[0], low23[0], low01[2], low23[2])),
      Self(pairs: SIMD4(low01[1], low23[1], low01[3], low23[3])),
      Self(pairs: SIMD4(high01[0], high23[0], high01[2], high23[2])),
      Self(pairs: SIMD4(high01[1], high23[1], high01[3], high23[3]))
    )
  }

  @inlinable @inline(__always)
  init(pairs: SIMD4<UInt64>) { vector = unsafeBitCast(pairs, to: SIMD8<Float>.self) }
}

extension Lanes16 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = unsafeBitCast(
      SIMD8(
        lowHalf: SIMD4(lowHalf: quad(source), highHalf: quad(source + 4 * stride)),
        highHalf: SIMD4(lowHalf: quad(source + 8 * stride), highHalf: quad(source + 12 * stride))),
      to: SIMD16<Float>.self)
    let r1 = unsafeBitCast(
      SIMD8(
        lowHalf: SIMD4(lowHalf: quad(source + stride), highHalf: quad(source + 5 * stride)),
        highHalf: SIMD4(lowHalf: quad(source + 9 * stride), highHalf: quad(source + 13 * stride))),
      to: SIMD16<Float>.self)
    let r2 = unsafeBitCast(
      SIMD8(
        lowHalf: SIMD4(lowHalf: quad(source + 2 * stride), highHalf: quad(source + 6 * stride)),
        highHalf: SIMD4(lowHalf: quad(source + 10 * stride), highHalf: quad(source + 14 * stride))),
      to: SIMD16<Float>.self)
    let r3 = unsafeBitCast(
      SIMD8(
        lowHalf: SIMD4(lowHalf: quad(source + 3 * stride), highHalf: quad(source + 7 * stride)),
        highHalf: SIMD4(lowHalf: quad(source + 11 * stride), highHalf: quad(source + 15 * stride))),
      to: SIMD16<Float>.self)
    let low01 = unsafeBitCast(
      SIMD16(
        r0[0], r1[0], r0[1], r1[1],
        r0[4], r1[4], r0[5], r1[5],
        r0[8], r1[8], r0[9], r1[9],
        r0[12], r1[12], r0[13], r1[13]), to: SIMD8<UInt64>.self)
    let high01 = unsafeBitCast(
      SIMD16(
        r0[2], r1[2], r0[3], r1[3],
        r0[6], r1[6], r0[7], r1[7],
        r0[10], r1[10], r0[11], r1[11],
        r0[14], r1[14], r0[15], r1[15]), to: SIMD8<UInt64>.self)
    let low23 = unsafeBitCast(
      SIMD16(
        r2[0], r3[0], r2[1], r3[1],
        r2[4], r3[4], r2[5], r3[5],
        r2[8], r3[8], r2[9], r3[9],
        r2[12], r3[12], r2[13], r3[13]), to: SIMD8<UInt64>.self)
    let high23 = unsafeBitCast(
      SIMD16(
        r2[2], r3[2], r2[3], r3[3],
        r2[6], r3[6], r2[7], r3[7],
        r2[10], r3[10], r2[11], r3[11],
        r2[14], r3[14], r2[15], r3[15]), to: SIMD8<UInt64>.self)
    return (
      Self(
        pairs: SIMD8(
          low01[0], low23[0], low01[2], low23[2], low01[4], low23[4], low01[6], low23[6])),
      Self(
        pairs: SIMD8(
          low01[1], low23[1], low01[3], low23[3], low01[5], low23[5], low01[7], low23[7])),
      Self(
        pairs: SIMD8(
          high01[0], high23[0], high01[2], high23[2], high01[4], high23[4], high01[6], high23[6])),
      Self(
        pairs: SIMD8(
          high01[1], high23[1], high01[3], high23[3], high01[5], high23[5], high01[7], high23[7]))
    )
  }

  @inlinable @inline(__always)
  init(pairs: SIMD8<UInt64>) { vector = unsafeBitCast(pairs, to: SIMD16<Float>.self) }
}
