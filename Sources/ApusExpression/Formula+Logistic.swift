/// The logistic function and its integral, each by one exponential of −|x|, which cannot overflow.
extension Formula {
  /// log(1 + e) for `e` in 0...1, exact relative to itself, as 2 artanh s with s = e / (2 + e), which is ⅓ at most.
  ///
  /// 2 artanh s = 2 s + s³ · P(s²), off by 4.5e-9 of itself at most. Minimax by Lawson's iteration.
  @inlinable @inline(__always)
  static func logOnePlus(_ e: Self) -> Self {
    let s = e / (2 + e)
    let square = s * s
    var p = multiplyAdd(square, 0.280_119_867_144_2, 0.280_018_053_017_4)
    p = multiplyAdd(p, square, 0.400_215_272_366_7)
    p = multiplyAdd(p, square, 0.666_664_162_857_3)
    return multiplyAdd(s * square, p, s + s)
  }

  /// 1 / (1 + e⁻ˣ).
  @inlinable @inline(__always)
  static func logistic(_ x: Self) -> Self {
    let e = exp(-abs(x))
    let larger = 1 / (1 + e)
    return select(less(x, 0), e * larger, larger)
  }

  /// log(1 + eˣ).
  @inlinable @inline(__always)
  static func integralOfLogistic(_ x: Self) -> Self { max(x, 0) + logOnePlus(exp(-abs(x))) }
}

extension PackedFormula {
  /// The logistic function, within 3 units in the last place; 0 at −∞, 1 at ∞, and NaN at NaN.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: Self) -> Self { logistic(x) }

  /// The logistic function's integral, within 3 units in the last place; 0 at −∞, ∞ at ∞, and NaN at NaN.
  @inlinable @inline(__always)
  public static func softplus(_ x: Self) -> Self { integralOfLogistic(x) }
}
