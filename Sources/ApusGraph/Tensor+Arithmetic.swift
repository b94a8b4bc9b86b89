import ApusExpression

// Operators cannot see their caller's line, so an error in one names the lines of its operands instead.

extension Tensor {
  /// The elementwise sum; shapes broadcast.
  public static func + (a: Tensor, b: Tensor) -> Tensor { pointwise([a, b], at: a.location) { $0[0] + $0[1] } }
  /// The elementwise difference; shapes broadcast.
  public static func - (a: Tensor, b: Tensor) -> Tensor { pointwise([a, b], at: a.location) { $0[0] - $0[1] } }
  /// The elementwise product; shapes broadcast.
  public static func * (a: Tensor, b: Tensor) -> Tensor { pointwise([a, b], at: a.location) { $0[0] * $0[1] } }
  /// The elementwise quotient; shapes broadcast.
  public static func / (a: Tensor, b: Tensor) -> Tensor { pointwise([a, b], at: a.location) { $0[0] / $0[1] } }
  /// Each element negated.
  public static prefix func - (a: Tensor) -> Tensor { pointwise([a], at: a.location) { -$0[0] } }

  /// A number added to each element.
  public static func + (a: Tensor, b: Double) -> Tensor { pointwise([a], at: a.location) { $0[0] + Expression(b) } }
  /// A number subtracted from each element.
  public static func - (a: Tensor, b: Double) -> Tensor { pointwise([a], at: a.location) { $0[0] - Expression(b) } }
  /// Each element times a number.
  public static func * (a: Tensor, b: Double) -> Tensor { pointwise([a], at: a.location) { $0[0] * Expression(b) } }
  /// Each element divided by a number.
  public static func / (a: Tensor, b: Double) -> Tensor { pointwise([a], at: a.location) { $0[0] / Expression(b) } }
  /// Each element added to a number.
  public static func + (a: Double, b: Tensor) -> Tensor { pointwise([b], at: b.location) { Expression(a) + $0[0] } }
  /// Each element subtracted from a number.
  public static func - (a: Double, b: Tensor) -> Tensor { pointwise([b], at: b.location) { Expression(a) - $0[0] } }
  /// A number times each element.
  public static func * (a: Double, b: Tensor) -> Tensor { pointwise([b], at: b.location) { Expression(a) * $0[0] } }
  /// A number divided by each element.
  public static func / (a: Double, b: Tensor) -> Tensor { pointwise([b], at: b.location) { Expression(a) / $0[0] } }
}

/// A function of one element, applied to each.
private func map(
  _ x: Tensor, _ file: StaticString, _ line: UInt, _ formula: (Expression) -> Expression
) -> Tensor {
  pointwise([x], at: SourceLocation(file: file, line: line)) { formula($0[0]) }
}

/// `max(x, 0)`; NaN stays NaN.
public func relu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .max($0, 0) }
}

/// The hyperbolic tangent.
public func tanh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .tanh($0) }
}

/// The logistic function.
public func sigmoid(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .sigmoid($0) }
}

/// The natural exponential.
public func exp(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .exp($0) }
}

/// The natural logarithm.
public func log(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .log($0) }
}

/// The square root.
public func sqrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .sqrt($0) }
}

/// The absolute value.
public func abs(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  map(x, file, line) { .abs($0) }
}
