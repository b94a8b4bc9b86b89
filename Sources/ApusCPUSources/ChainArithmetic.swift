import ApusCPUKernels
import ApusExpression

// What loops over chunks compute of each vector. These are types, so that each loop is compiled by itself: together in one
// function they find fewer registers for their pointers.

protocol UnaryFunction {
  static func value(_ x: Wide) -> Wide
}

protocol BinaryFunction {
  static func value(_ x: Wide, _ y: Wide) -> Wide
}

protocol TernaryFunction {
  static func value(_ x: Wide, _ y: Wide, _ z: Wide) -> Wide
}

protocol ComparisonFunction {
  static func holds(_ x: Wide, _ y: Wide) -> Wide.Condition
}

enum Negate: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { -x }
}
enum Absolute: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { .abs(x) }
}
enum Floor: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { .floor(x) }
}
enum SquareRoot: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { .sqrt(x) }
}
enum Sine: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { .sin(x) }
}
enum Cosine: UnaryFunction {
  @inline(__always) static func value(_ x: Wide) -> Wide { .cos(x) }
}
enum Add: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { x + y }
}
enum Subtract: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { x - y }
}
enum Multiply: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { x * y }
}
enum Divide: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { x / y }
}
enum Maximum: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { .max(x, y) }
}
enum Minimum: BinaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide) -> Wide { .min(x, y) }
}
enum MultiplyAdd: TernaryFunction {
  @inline(__always) static func value(_ x: Wide, _ y: Wide, _ z: Wide) -> Wide { .multiplyAdd(x, y, z) }
}
enum Less: ComparisonFunction {
  @inline(__always) static func holds(_ x: Wide, _ y: Wide) -> Wide.Condition { Wide.less(x, y) }
}
enum LessOrEqual: ComparisonFunction {
  @inline(__always) static func holds(_ x: Wide, _ y: Wide) -> Wide.Condition { Wide.lessOrEqual(x, y) }
}
enum Equal: ComparisonFunction {
  @inline(__always) static func holds(_ x: Wide, _ y: Wide) -> Wide.Condition { Wide.equal(x, y) }
}
