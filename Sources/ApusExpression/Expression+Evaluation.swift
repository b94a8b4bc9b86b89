extension Expression.Unary {
  /// The function's value in double precision.
  public func apply(_ x: Double) -> Double {
    switch self {
    case .negate: -x
    case .sqrt: Double.sqrt(x)
    case .exp: Double.exp(x)
    case .log: Double.log(x)
    case .tanh: Double.tanh(x)
    case .erf: Double.erf(x)
    case .normalCDF: Double.normalCDF(x)
    case .normalPDF: Double.normalPDF(x)
    case .sigmoid: Double.sigmoid(x)
    case .softplus: Double.softplus(x)
    case .sin: Double.sin(x)
    case .cos: Double.cos(x)
    case .abs: Double.abs(x)
    case .floor: Double.floor(x)
    }
  }
}

extension Expression.Binary {
  /// The function's value in double precision.
  public func apply(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    }
  }
}

extension Expression.Comparison {
  /// Whether the comparison holds in double precision.
  public func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .less: a < b
    case .lessOrEqual: a <= b
    case .equal: a == b
    }
  }
}

extension Expression {
  /// The value in double precision: the definition that every compiled form is tested against.
  ///
  /// - Parameters:
  ///   - inputs: the value of each input.
  ///   - uniforms: the value of each uniform.
  ///   - random: the number drawn by a stream.
  /// - Complexity: O(`size`); shared parts are evaluated each time they occur.
  public func evaluate(
    inputs: [Double], uniforms: [Double] = [], random: (_ stream: UInt32) -> Double = { _ in 0 }
  ) -> Double {
    func value(_ expression: Expression) -> Double {
      switch expression.node {
      case .constant(let constant): constant
      case .input(let index): inputs[index]
      case .uniform(let index): uniforms[index]
      case .random(let stream): random(stream)
      case .unary(let function, let x): function.apply(value(x))
      case .binary(let function, let a, let b): function.apply(value(a), value(b))
      case .multiplyAdd(let a, let b, let c): value(a) * value(b) + value(c)
      case .select(let comparison, let left, let right, let yes, let no):
        comparison.holds(value(left), value(right)) ? value(yes) : value(no)
      }
    }
    return value(self)
  }
}
