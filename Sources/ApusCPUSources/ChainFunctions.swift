import ApusCPUKernels
import ApusExpression

/// A function of many operations, which a loop is compiled for.
protocol ElementaryFunction {
  static func value(at x: Pair<Wide>) -> Pair<Wide>
}

enum Exponential: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .exp(x) }
}
enum Logarithm: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .log(x) }
}
enum Tangent: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .tanh(x) }
}
enum ErrorFunction: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .erf(x) }
}
enum NormalCDF: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .normalCDF(x) }
}
enum NormalPDF: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .normalPDF(x) }
}
enum Sigmoid: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .sigmoid(x) }
}
enum Softplus: ElementaryFunction {
  @inline(__always) static func value(at x: Pair<Wide>) -> Pair<Wide> { .softplus(x) }
}
