extension Expression {
  /// The expression with the functions that OpenCL C has not as arithmetic and exponentials.
  var expandingFunctions: Expression {
    replacing { part in
      guard case .unary(let function, let inner) = part.node else { return nil }
      switch function {
      case .normalCDF:
        let x = inner.expandingFunctions
        let tail = Expression.exp(.logNormalTail(.abs(x)))
        return .select(.less(x, 0), tail, 1 - tail)
      case .normalPDF: return .exp(.logNormalDensity(inner.expandingFunctions))
      case .sigmoid: return .logistic(inner.expandingFunctions)
      case .softplus: return .integralOfLogistic(inner.expandingFunctions)
      case .negate, .sqrt, .exp, .log, .tanh, .erf, .sin, .cos, .abs, .floor: return nil
      }
    }
  }
}
