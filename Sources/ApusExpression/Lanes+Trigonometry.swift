extension Lanes {
  /// The sine, within 3 units in the last place; NaN at infinities and NaN.
  @inlinable @inline(__always)
  public static func sin(_ x: Self) -> Self {
    let near = sine(x, quadrants: 0)
    let isFar = less(8192, abs(x))
    guard any(isFar) else { return near }
    // Only where it is far, so that no lane's result depends on its neighbours.
    return select(isFar, eachLane(of: x) { Float(Double.sin(Double($0))) }, near)
  }

  /// The cosine, within 3 units in the last place; NaN at infinities and NaN.
  @inlinable @inline(__always)
  public static func cos(_ x: Self) -> Self {
    let near = sine(x, quadrants: 1)
    let isFar = less(8192, abs(x))
    guard any(isFar) else { return near }
    // Only where it is far, so that no lane's result depends on its neighbours.
    return select(isFar, eachLane(of: x) { Float(Double.cos(Double($0))) }, near)
  }

  /// The sine of `x` plus a number of right angles.
  @inlinable @inline(__always)
  static func sine(_ x: Self, quadrants: UInt32) -> Self {
    // x = n · π/2 + r with |r| ≤ π/4; the first parts of π/2 are short, so that n times each is exact.
    let shifted = multiplyAdd(x, 0.636_619_772_367_581_34, roundingShift)
    let n = shifted - roundingShift
    var r = multiplyAdd(n, -1.570_312_5, x)
    r = multiplyAdd(n, -4.837_512_969_970_703e-4, r)
    r = multiplyAdd(n, -7.549_533_620_476_723e-8, r)
    r = multiplyAdd(n, -2.563_344_068_257_089_6e-12, r)
    let z = r * r
    let odd = multiplyAdd(
      r * z,
      multiplyAdd(multiplyAdd(z, -1.951_665_504_463_901_9e-4, 8.332_173_535_505_732e-3), z, -0.166_666_548_733_003_13),
      r)
    let even = multiplyAdd(
      z * z,
      multiplyAdd(multiplyAdd(z, 2.443_772_854_143_96e-5, -1.388_736_143_411_402_8e-3), z, 4.166_664_674_737_617e-2),
      multiplyAdd(z, -0.5, 1))
    let quadrant = shifted.bits &+ Words(quadrants)
    let isOdd = Self(bits: (quadrant & Words(1)) | Words(0x3F80_0000))
    let value = select(equal(isOdd, 1), odd, even)
    let signed = Self(bits: value.bits ^ (quadrant & Words(2)).shiftedLeft(30))
    // Keeps −0, whose remainder is +0.
    return quadrants == 0 ? select(equal(x, 0), x, signed) : signed
  }

  @inlinable @inline(__always)
  static func eachLane(of x: Self, _ body: (Float) -> Float) -> Self {
    var result = x
    for lane in 0..<count { result.vector[lane] = body(x.vector[lane]) }
    return result
  }
}
