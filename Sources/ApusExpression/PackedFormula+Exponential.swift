extension PackedFormula {
  /// 1.5 · 2²³: added to a number below 2²² it leaves the nearest integer in the low bits.
  @inlinable @inline(__always)
  static var roundingShift: Self { 0x1.8p23 }

  /// eʳ of x = n · ln 2 + r with |r| ≤ ln 2 / 2. The first part of ln 2 has nine bits, so that n times it is exact.
  @inlinable @inline(__always)
  static func exponentialOfRemainder(_ x: Self, _ n: Self) -> Self {
    let r = multiplyAdd(n, 2.121_944_400_546_905_83e-4, multiplyAdd(n, -0.693_359_375, x))
    var p = multiplyAdd(r, 1.381_446_473_560_075_3e-3, 8.368_780_622_222_4e-3)
    p = multiplyAdd(p, r, 4.166_839_425_914_254e-2)
    p = multiplyAdd(p, r, 0.166_665_201_055_462_46)
    p = multiplyAdd(p, r, 0.499_999_934_122_610_57)
    return multiplyAdd(r * r, p, r) + 1
  }

  /// The natural exponential, within 1 unit in the last place (2 where `multiplyAdd` is not fused).
  ///
  /// Overflow gives infinity, underflow passes through the subnormal numbers to 0, and NaN stays NaN.
  @inlinable @inline(__always)
  public static func exp(_ x: Self) -> Self {
    let bounded = max(min(x, 89), -104.5)
    let shifted = multiplyAdd(bounded, 1.442_695_040_888_963_4, roundingShift)
    let y = exponentialOfRemainder(bounded, shifted - roundingShift)
    // eˣ = 2ⁿ · eʳ, with 2ⁿ in two factors: n reaches −151 and 128, one power of two does not.
    let exponent = shifted.bits &- roundingShift.bits
    let half = (exponent &+ Words(256)).shiftedRight(1) &- Words(128)
    let first = Self(bits: (half &+ Words(127)).shiftedLeft(23))
    let second = Self(bits: (exponent &- half &+ Words(127)).shiftedLeft(23))
    return y * first * second
  }

  /// The natural exponential between −87 and 88, within 1 unit in the last place; below, that of −87, which is 1.6e-38.
  ///
  /// Half of the operations of `exp`, for what is compared with 1. NaN stays NaN.
  @inlinable @inline(__always)
  public static func clampedExp(_ x: Self) -> Self {
    let bounded = max(x, -87)
    let shifted = multiplyAdd(bounded, 1.442_695_040_888_963_4, roundingShift)
    let y = exponentialOfRemainder(bounded, shifted - roundingShift)
    return y * Self(bits: shifted.bits.shiftedLeft(23) &+ Words(127 << 23))
  }

  /// The natural logarithm, within 1 unit in the last place (2 where `multiplyAdd` is not fused).
  ///
  /// Subnormal numbers are exact in the same sense; 0 gives −∞, a negative number NaN, and NaN stays NaN.
  @inlinable @inline(__always)
  public static func log(_ x: Self) -> Self {
    // x = 2ᵉ · (1 + f) with 1 + f between √½ and √2.
    let isSubnormal = less(x, 0x1p-126)
    let scaled = select(isSubnormal, x * 0x1p23, x)
    let shifted = scaled.bits &+ Words(0x3F80_0000 &- 0x3F35_04F3)
    let f = Self(bits: (shifted & Words(0x007F_FFFF)) &+ Words(0x3F35_04F3)) - 1
    let biased = Self(bits: shifted.shiftedRight(23) | Words(0x4B00_0000))
    let e = biased - select(isSubnormal, 8_388_758, 8_388_735)
    var p = multiplyAdd(f, 6.746_601_330_992_519e-2, -0.116_756_413_048_202_06)
    p = multiplyAdd(p, f, 0.118_881_745_976_697_6)
    p = multiplyAdd(p, f, -0.124_055_914_167_680_2)
    p = multiplyAdd(p, f, 0.142_195_509_082_518_1)
    p = multiplyAdd(p, f, -0.166_679_956_671_197_23)
    p = multiplyAdd(p, f, 0.200_021_187_322_044_24)
    p = multiplyAdd(p, f, -0.250_000_096_036_537_6)
    p = multiplyAdd(p, f, 0.333_333_126_028_027_5)
    let square = f * f
    var y = multiplyAdd(square * f, p, e * -2.121_944_400_546_905_83e-4)
    y = multiplyAdd(square, -0.5, y)
    let result = multiplyAdd(e, 0.693_359_375, f + y)
    // Infinity and NaN are their own logarithms.
    let finite = select(less(x, Self(Double.infinity)), result, x)
    return select(less(0, x), finite, select(equal(x, 0), Self(-Double.infinity), Self(Double.nan)))
  }
}
