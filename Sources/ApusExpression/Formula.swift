/// The arithmetic over which every pointwise computation in Apus is written once.
///
/// An activation, a loss term or an optimizer's update is one generic function over `Formula`. Instantiated
/// with a vector of lanes it is the CPU loop; with `Expression` it is a symbolic expression that is
/// differentiated, fused and rendered to OpenCL C; with `Double` it is the reference of the tests; with
/// `Float` it is the scalar tail of a loop.
///
/// NaN: `max` and `min` return their *first* argument when either is NaN, on every reading, so a NaN
/// placed first (an activation's input) is never swallowed.
public protocol Formula: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// The truth value of a comparison, one per lane.
  associatedtype Condition: Sendable

  /// The same constant in every lane, rounded to the reading's precision.
  init(_ value: Double)

  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static prefix func - (a: Self) -> Self

  /// `a * b + c`, with a single rounding where the hardware has a fused multiply-add.
  static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self

  /// The square root, correctly rounded.
  static func sqrt(_ x: Self) -> Self
  /// The natural exponential.
  static func exp(_ x: Self) -> Self
  /// The natural logarithm.
  static func log(_ x: Self) -> Self
  /// The hyperbolic tangent.
  static func tanh(_ x: Self) -> Self
  /// The error function.
  static func erf(_ x: Self) -> Self
  /// The standard normal distribution's cumulative function Φ, within 1.2e-7 in single precision.
  static func normalCDF(_ x: Self) -> Self
  /// The standard normal distribution's density φ, the derivative of Φ.
  static func normalPDF(_ x: Self) -> Self
  /// The logistic function `1 / (1 + e⁻ˣ)`.
  static func sigmoid(_ x: Self) -> Self
  /// `log(1 + eˣ)`, whose derivative is the logistic function.
  static func softplus(_ x: Self) -> Self
  /// The sine of an angle in radians.
  static func sin(_ x: Self) -> Self
  /// The cosine of an angle in radians.
  static func cos(_ x: Self) -> Self
  /// The absolute value.
  static func abs(_ x: Self) -> Self
  /// The largest integer not above `x`.
  static func floor(_ x: Self) -> Self

  /// Whether `a < b`; false when either is NaN.
  static func less(_ a: Self, _ b: Self) -> Condition
  /// Whether `a <= b`; false when either is NaN.
  static func lessOrEqual(_ a: Self, _ b: Self) -> Condition
  /// Whether `a == b`; false when either is NaN.
  static func equal(_ a: Self, _ b: Self) -> Condition
  /// `a` where the condition holds, `b` elsewhere.
  static func select(_ condition: Condition, _ a: Self, _ b: Self) -> Self

  /// The larger of the two; `a` when either is NaN.
  static func max(_ a: Self, _ b: Self) -> Self
  /// The smaller of the two; `a` when either is NaN.
  static func min(_ a: Self, _ b: Self) -> Self
}

extension Formula {
  /// The larger of the two; `a` when either is NaN.
  @inlinable @inline(__always)
  public static func max(_ a: Self, _ b: Self) -> Self { select(less(a, b), b, a) }

  /// The smaller of the two; `a` when either is NaN.
  @inlinable @inline(__always)
  public static func min(_ a: Self, _ b: Self) -> Self { select(less(b, a), b, a) }

  /// `x²`.
  @inlinable @inline(__always)
  public static func square(_ x: Self) -> Self { x * x }

  /// 1 above zero, −1 below, 0 at zero (and at NaN).
  @inlinable @inline(__always)
  public static func sign(_ x: Self) -> Self { select(less(0, x), 1, select(less(x, 0), -1, 0)) }
}
