import Foundation

extension Double: Formula {
  @inlinable public static func multiplyAdd(_ a: Double, _ b: Double, _ c: Double) -> Double { a * b + c }
  @inlinable public static func sqrt(_ x: Double) -> Double { x.squareRoot() }
  @inlinable public static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  @inlinable public static func log(_ x: Double) -> Double { Foundation.log(x) }
  @inlinable public static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
  @inlinable public static func erf(_ x: Double) -> Double { Foundation.erf(x) }
  @inlinable public static func normalCDF(_ x: Double) -> Double { 0.5 * Foundation.erfc(-x * 0.5.squareRoot()) }
  @inlinable public static func normalPDF(_ x: Double) -> Double { Foundation.exp(logNormalDensity(x)) }
  @inlinable public static func sigmoid(_ x: Double) -> Double { logistic(x) }
  @inlinable public static func softplus(_ x: Double) -> Double { max(x, 0) + Foundation.log1p(exp(-abs(x))) }
  @inlinable public static func sin(_ x: Double) -> Double { Foundation.sin(x) }
  @inlinable public static func cos(_ x: Double) -> Double { Foundation.cos(x) }
  @inlinable public static func abs(_ x: Double) -> Double { x.magnitude }
  @inlinable public static func floor(_ x: Double) -> Double { x.rounded(.down) }
  @inlinable public static func less(_ a: Double, _ b: Double) -> Bool { a < b }
  @inlinable public static func lessOrEqual(_ a: Double, _ b: Double) -> Bool { a <= b }
  @inlinable public static func equal(_ a: Double, _ b: Double) -> Bool { a == b }
  @inlinable public static func select(_ condition: Bool, _ a: Double, _ b: Double) -> Double { condition ? a : b }
}

extension Float: Formula {
  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float { a * b + c }
  @inlinable @inline(__always) public static func sqrt(_ x: Float) -> Float { x.squareRoot() }
  @inlinable public static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  @inlinable public static func log(_ x: Float) -> Float { Foundation.log(x) }
  @inlinable public static func tanh(_ x: Float) -> Float { Foundation.tanh(x) }
  @inlinable public static func erf(_ x: Float) -> Float { Foundation.erf(x) }
  @inlinable public static func normalCDF(_ x: Float) -> Float { Float(Double.normalCDF(Double(x))) }
  @inlinable public static func normalPDF(_ x: Float) -> Float { Float(Double.normalPDF(Double(x))) }
  @inlinable public static func sigmoid(_ x: Float) -> Float { logistic(x) }
  @inlinable public static func softplus(_ x: Float) -> Float { max(x, 0) + Foundation.log1p(exp(-abs(x))) }
  @inlinable public static func sin(_ x: Float) -> Float { Foundation.sin(x) }
  @inlinable public static func cos(_ x: Float) -> Float { Foundation.cos(x) }
  @inlinable @inline(__always) public static func abs(_ x: Float) -> Float { x.magnitude }
  @inlinable @inline(__always) public static func floor(_ x: Float) -> Float { x.rounded(.down) }
  @inlinable @inline(__always) public static func less(_ a: Float, _ b: Float) -> Bool { a < b }
  @inlinable @inline(__always) public static func lessOrEqual(_ a: Float, _ b: Float) -> Bool { a <= b }
  @inlinable @inline(__always) public static func equal(_ a: Float, _ b: Float) -> Bool { a == b }
  @inlinable @inline(__always)
  public static func select(_ condition: Bool, _ a: Float, _ b: Float) -> Float { condition ? a : b }
}
