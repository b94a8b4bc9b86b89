/// The standard normal distribution by one polynomial and one exponential, without a branch near zero: what is added to
/// or subtracted from 1 need not be exact relative to itself.
extension Formula {
  /// log Φ(−t) for `t` from 0 on.
  ///
  /// Up to 5.5 what it gives for Φ(−t) is off by 2.5e-8 / max(1, t) at most, so that x · Φ(x) is as exact; beyond, it falls
  /// faster than the logarithm does, so that Φ(−t) still goes to zero. Minimax by Lawson's iteration.
  @inlinable @inline(__always)
  static func logNormalTail(_ t: Self) -> Self {
    var p = multiplyAdd(t, -1.107_513_753_5e-6, 1.746_843_842_3e-5)
    p = multiplyAdd(p, t, -8.473_804_508_6e-5)
    p = multiplyAdd(p, t, -1.954_712_723_9e-4)
    p = multiplyAdd(p, t, 5.017_791_412_6e-3)
    p = multiplyAdd(p, t, -3.646_455_328e-2)
    p = multiplyAdd(p, t, -0.318_275_930_2)
    p = multiplyAdd(p, t, -0.797_887_857_3)
    return multiplyAdd(p, t, -0.693_147_130_4)
  }

  /// log φ(x).
  @inlinable @inline(__always)
  static func logNormalDensity(_ x: Self) -> Self { multiplyAdd(-0.5 * x, x, -0.918_938_533_204_672_7) }
}

extension PackedFormula {
  /// The standard normal distribution's cumulative function, within 1.2e-7; 0 at −∞, at most 1, and NaN at NaN.
  @inlinable @inline(__always)
  public static func normalCDF(_ x: Self) -> Self {
    let tail = clampedExp(logNormalTail(abs(x)))
    return select(less(x, 0), tail, 1 - tail)
  }

  /// The standard normal distribution's density, within 1.2e-7; NaN at NaN.
  @inlinable @inline(__always)
  public static func normalPDF(_ x: Self) -> Self { clampedExp(logNormalDensity(x)) }
}
