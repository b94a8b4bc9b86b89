extension PackedFormula {
  /// The hyperbolic tangent, within 2 units in the last place; odd, never beyond ±1, and NaN at NaN.
  @inlinable @inline(__always)
  public static func tanh(_ x: Self) -> Self {
    let size = abs(x)
    let z = size * size
    // Near zero x + x³ · P(x²), so that nothing cancels; further out through e²ˣ.
    var p = multiplyAdd(z, -5.905_860_602_718_74e-3, 2.080_537_754_532_345_6e-2)
    p = multiplyAdd(p, z, -5.378_668_135_752_513e-2)
    p = multiplyAdd(p, z, 0.133_319_582_147_404_16)
    p = multiplyAdd(p, z, -0.333_332_992_709_246_4)
    let near = multiplyAdd(size * z, p, size)
    let far = 1 - 2 / (exp(size + size) + 1)
    return select(less(size, 0.6), near, far).withSign(of: x)
  }

  /// The error function, within 2 units in the last place; odd, never beyond ±1, and NaN at NaN.
  @inlinable @inline(__always)
  public static func erf(_ x: Self) -> Self {
    let size = abs(x)
    let z = size * size
    // Near zero x + x · P(x²); further out 1 − e^P(x), where P is fitted to the logarithm of 1 − erf(x).
    var p = multiplyAdd(z, -5.976_893_800_773_02e-4, 4.990_980_253_613_195e-3)
    p = multiplyAdd(p, z, -2.676_556_700_035_039e-2)
    p = multiplyAdd(p, z, 0.112_818_027_723_346_02)
    p = multiplyAdd(p, z, -0.376_124_943_167_845_9)
    p = multiplyAdd(p, z, 0.128_379_150_036_935)
    let near = multiplyAdd(size, p, size)
    // From 3.93 on the result is 1.
    let bounded = min(size, 4)
    var q = multiplyAdd(bounded, 1.949_467_183_576_810_2e-4, -3.033_692_042_352_185e-3)
    q = multiplyAdd(q, bounded, 2.218_977_536_246_103e-2)
    q = multiplyAdd(q, bounded, -0.103_856_371_621_952_26)
    q = multiplyAdd(q, bounded, -0.637_265_755_302_204_6)
    q = multiplyAdd(q, bounded, -1.127_627_398_897_353_3)
    q = multiplyAdd(q, bounded, -2.070_088_893_608_712_5e-4)
    let far = 1 - exp(q)
    return select(less(size, 0.92), near, far).withSign(of: x)
  }

  /// The absolute value: the sign bit cleared.
  @inlinable @inline(__always)
  public static func abs(_ x: Self) -> Self { Self(bits: x.bits & Words(0x7FFF_FFFF)) }

  /// A number that is not negative, with another's sign bit.
  @inlinable @inline(__always)
  func withSign(of other: Self) -> Self { Self(bits: bits | (other.bits & Words(0x8000_0000))) }
}
