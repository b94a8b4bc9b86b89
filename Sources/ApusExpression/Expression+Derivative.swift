import Foundation

extension Expression {
  /// The partial derivative with respect to one input.
  ///
  /// Where a derivative can be said in terms of the function's own value (`exp`, `tanh`, `sqrt`, division,
  /// a maximum with a constant) it is, so that a backward pass can read the forward pass's output and need
  /// not keep its input. At the kink of a selection the derivative is that of the branch taken; `abs` has
  /// derivative 0 at 0 and `floor` has derivative 0 everywhere.
  public func derivative(withRespectTo input: Int) -> Expression {
    var done: [Expression: Expression?] = [:]
    return derivative(input, &done) ?? 0
  }

  /// The derivative, or nil when the input does not occur (so that no product with zero is ever built).
  private func derivative(_ input: Int, _ done: inout [Expression: Expression?]) -> Expression? {
    if let known = done[self] { return known }
    let result = derivativeOfNode(input, &done)
    done[self] = .some(result)
    return result
  }

  private func derivativeOfNode(_ input: Int, _ done: inout [Expression: Expression?]) -> Expression? {
    switch node {
    case .constant, .uniform, .random:
      return nil
    case .input(let index):
      return index == input ? 1 : nil
    case .unary(let function, let x):
      guard let dx = x.derivative(input, &done) else { return nil }
      return function.derivative(of: x, value: self).map { $0 * dx }
    case .binary(.add, let a, let b):
      return Expression.sum(a.derivative(input, &done), b.derivative(input, &done))
    case .binary(.subtract, let a, let b):
      return Expression.sum(a.derivative(input, &done), b.derivative(input, &done).map { -$0 })
    case .binary(.multiply, let a, let b):
      let da = a.derivative(input, &done)
      let db = b.derivative(input, &done)
      return Expression.sum(da.map { $0 * b }, db.map { a * $0 })
    case .binary(.divide, let a, let b):
      // d(a/b) = da / b − (a/b) db / b
      let da = a.derivative(input, &done)
      let db = b.derivative(input, &done)
      return Expression.sum(da.map { $0 / b }, db.map { -(self * $0 / b) })
    case .multiplyAdd(let a, let b, let c):
      let da = a.derivative(input, &done)
      let db = b.derivative(input, &done)
      return Expression.sum(
        Expression.sum(da.map { $0 * b }, db.map { a * $0 }), c.derivative(input, &done))
    case .select(let comparison, let left, let right, let yes, let no):
      let dYes = yes.derivative(input, &done)
      let dNo = no.derivative(input, &done)
      if dYes == nil && dNo == nil { return nil }
      // max(x, c) = select(x < c, c, x): "x is not below c and differs from it" is c < max(x, c).
      if comparison == .less, yes == right, no == left, let dx = dNo, dYes == nil, yes.constantValue != nil {
        return .select(Expression.less(yes, self), dx, 0)
      }
      return .select(
        Condition(comparison: comparison, left: left, right: right), dYes ?? 0, dNo ?? 0)
    }
  }

  private static func sum(_ a: Expression?, _ b: Expression?) -> Expression? {
    guard let a else { return b }
    guard let b else { return a }
    return a + b
  }
}

extension Expression.Unary {
  /// The derivative at `x`, given the function's value there; nil where it is zero everywhere.
  fileprivate func derivative(of x: Expression, value: Expression) -> Expression? {
    switch self {
    case .negate: -1
    case .sqrt: 0.5 / value
    case .exp: value
    case .log: 1 / x
    case .tanh: 1 - value * value
    case .erf: Expression(2 / Double.pi.squareRoot()) * .exp(-(x * x))
    case .normalCDF: .normalPDF(x)
    case .normalPDF: -x * value
    case .sigmoid: value * (1 - value)
    case .softplus: .sigmoid(x)
    case .sin: .cos(x)
    case .cos: -.sin(x)
    case .abs: .sign(x)
    case .floor: nil
    }
  }
}
