// Rows are gathered four columns at a time so that each of a vector's 128-bit parts holds four rows' worth; one
// 4×4 transposition in every part at once then yields whole columns.

/// Four floats from memory of any alignment.
@inlinable @inline(__always)
public func quad(_ source: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Float>.self)
}

extension Lanes4 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = quad(source)
    let r1 = quad(source + stride)
    let r2 = quad(source + 2 * stride)
    let r3 = quad(source + 3 * stride)
    let low01 = SIMD4(r0[0], r1[0], r0[1], r1[1])
    let high01 = SIMD4(r0[2], r1[2], r0[3], r1[3])
    let low23 = SIMD4(r2[0], r3[0], r2[1], r3[1])
    let high23 = SIMD4(r2[2], r3[2], r2[3], r3[3])
    let column0 = SIMD4(low01[0], low01[1], low23[0], low23[1])
    let column1 = SIMD4(low01[2], low01[3], low23[2], low23[3])
    let column2 = SIMD4(high01[0], high01[1], high23[0], high23[1])
    let column3 = SIMD4(high01[2], high01[3], high23[2], high23[3])
    return (Self(vector: column0), Self(vector: column1), Self(vector: column2), Self(vector: column3))
  }
}

extension Lanes8 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = SIMD8(lowHalf: quad(source), highHalf: quad(source + 4 * stride))
    let r1 = SIMD8(lowHalf: quad(source + stride), highHalf: quad(source + 5 * stride))
    let r2 = SIMD8(lowHalf: quad(source + 2 * stride), highHalf: quad(source + 6 * stride))
    let r3 = SIMD8(lowHalf: quad(source + 3 * stride), highHalf: quad(source + 7 * stride))
    let low01 = SIMD8(
      r0[0], r1[0], r0[1], r1[1],
      r0[4], r1[4], r0[5], r1[5])
    let high01 = SIMD8(
      r0[2], r1[2], r0[3], r1[3],
      r0[6], r1[6], r0[7], r1[7])
    let low23 = SIMD8(
      r2[0], r3[0], r2[1], r3[1],
      r2[4], r3[4], r2[5], r3[5])
    let high23 = SIMD8(
      r2[2], r3[2], r2[3], r3[3],
      r2[6], r3[6], r2[7], r3[7])
    let column0 = SIMD8(
      low01[0], low01[1], low23[0], low23[1],
      low01[4], low01[5], low23[4], low23[5])
    let column1 = SIMD8(
      low01[2], low01[3], low23[2], low23[3],
      low01[6], low01[7], low23[6], low23[7])
    let column2 = SIMD8(
      high01[0], high01[1], high23[0], high23[1],
      high01[4], high01[5], high23[4], high23[5])
    let column3 = SIMD8(
      high01[2], high01[3], high23[2], high23[3],
      high01[6], high01[7], high23[6], high23[7])
    return (Self(vector: column0), Self(vector: column1), Self(vector: column2), Self(vector: column3))
  }
}

extension Lanes16 {
  @inlinable @inline(__always)
  public static func transposed(_ source: UnsafePointer<Float>, stride: Int) -> (Self, Self, Self, Self) {
    let r0 = SIMD16(
      lowHalf: SIMD8(lowHalf: quad(source), highHalf: quad(source + 4 * stride)),
      highHalf: SIMD8(lowHalf: quad(source + 8 * stride), highHalf: quad(source + 12 * stride)))
    let r1 = SIMD16(
      lowHalf: SIMD8(lowHalf: quad(source + stride), highHalf: quad(source + 5 * stride)),
      highHalf: SIMD8(lowHalf: quad(source + 9 * stride), highHalf: quad(source + 13 * stride)))
    let r2 = SIMD16(
      lowHalf: SIMD8(lowHalf: quad(source + 2 * stride), highHalf: quad(source + 6 * stride)),
      highHalf: SIMD8(lowHalf: quad(source + 10 * stride), highHalf: quad(source + 14 * stride)))
    let r3 = SIMD16(
      lowHalf: SIMD8(lowHalf: quad(source + 3 * stride), highHalf: quad(source + 7 * stride)),
      highHalf: SIMD8(lowHalf: quad(source + 11 * stride), highHalf: quad(source + 15 * stride)))
    let low01 = SIMD16(
      r0[0], r1[0], r0[1], r1[1],
      r0[4], r1[4], r0[5], r1[5],
      r0[8], r1[8], r0[9], r1[9],
      r0[12], r1[12], r0[13], r1[13])
    let high01 = SIMD16(
      r0[2], r1[2], r0[3], r1[3],
      r0[6], r1[6], r0[7], r1[7],
      r0[10], r1[10], r0[11], r1[11],
      r0[14], r1[14], r0[15], r1[15])
    let low23 = SIMD16(
      r2[0], r3[0], r2[1], r3[1],
      r2[4], r3[4], r2[5], r3[5],
      r2[8], r3[8], r2[9], r3[9],
      r2[12], r3[12], r2[13], r3[13])
    let high23 = SIMD16(
      r2[2], r3[2], r2[3], r3[3],
      r2[6], r3[6], r2[7], r3[7],
      r2[10], r3[10], r2[11], r3[11],
      r2[14], r3[14], r2[15], r3[15])
    let column0 = SIMD16(
      low01[0], low01[1], low23[0], low23[1],
      low01[4], low01[5], low23[4], low23[5],
      low01[8], low01[9], low23[8], low23[9],
      low01[12], low01[13], low23[12], low23[13])
    let column1 = SIMD16(
      low01[2], low01[3], low23[2], low23[3],
      low01[6], low01[7], low23[6], low23[7],
      low01[10], low01[11], low23[10], low23[11],
      low01[14], low01[15], low23[14], low23[15])
    let column2 = SIMD16(
      high01[0], high01[1], high23[0], high23[1],
      high01[4], high01[5], high23[4], high23[5],
      high01[8], high01[9], high23[8], high23[9],
      high01[12], high01[13], high23[12], high23[13])
    let column3 = SIMD16(
      high01[2], high01[3], high23[2], high23[3],
      high01[6], high01[7], high23[6], high23[7],
      high01[10], high01[11], high23[10], high23[11],
      high01[14], high01[15], high23[14], high23[15])
    return (Self(vector: column0), Self(vector: column1), Self(vector: column2), Self(vector: column3))
  }
}
