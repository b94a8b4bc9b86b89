import ApusExpression
import Testing

/// Derivatives against central differences in double precision.
@Suite struct DerivativeTests {
  /// One function of x = input 0 per kind of node, with points away from its kinks.
  static let rules: [(name: String, function: Expression, points: [Double])] = {
    let x = Expression.input(0)
    let u = Expression.uniform(0)
    let everywhere = [-1.3, -0.4, 0.2, 0.7, 1.9]
    let positive = [0.1, 0.7, 2.5]
    return [
      ("constant", 3, everywhere), ("uniform", u, everywhere), ("input", x, everywhere),
      ("other input", .input(1), everywhere), ("random", .random(stream: 1) * x, everywhere),
      ("negate", -Expression.sin(x), everywhere), ("sqrt", .sqrt(x), positive), ("exp", .exp(x), everywhere),
      ("log", .log(x), positive), ("tanh", .tanh(x), everywhere), ("erf", .erf(x), everywhere),
      ("sin", .sin(x), everywhere), ("cos", .cos(x), everywhere), ("abs", .abs(x), everywhere),
      ("floor", .floor(x) * x, everywhere), ("add", x + .exp(x), everywhere), ("subtract", u - .exp(x), everywhere),
      ("subtract a function", .exp(x) - x * x, everywhere), ("multiply", x * .sin(x), everywhere),
      ("divide by", u / x, everywhere), ("divide", .sin(x) / (2 + x), everywhere),
      ("multiplyAdd", .multiplyAdd(.sin(x), x, .cos(x)), everywhere),
      ("multiplyAdd, first", .multiplyAdd(x, u, 2), everywhere),
      ("select less", .select(.less(x, u), .sin(x), x * x), everywhere),
      ("select lessOrEqual", .select(.lessOrEqual(x, 0), x * x, 3), everywhere),
      ("select equal", .select(.equal(x, 5), x * x, .exp(x)), everywhere),
      ("relu", .max(x, 0), everywhere), ("max with a constant", .max(x, 0.5), everywhere),
      ("max of a function", .max(.sin(x), 0.25), everywhere), ("max with a uniform", .max(x, u), everywhere),
      ("min", .min(x, 0.5), everywhere), ("clamp", .min(.max(x, -1), 1), everywhere),
      ("sigmoid", .sigmoid(x), everywhere), ("softplus", .softplus(x * x - 1), everywhere),
      ("square", .square(x), everywhere), ("sign", .sign(x) * x, everywhere),
    ]
  }()

  private let uniforms = [0.33, 0.8]

  private func value(_ expression: Expression, _ inputs: [Double]) -> Double {
    expression.evaluate(inputs: inputs, uniforms: uniforms, random: { Double($0) / 3 })
  }

  private func difference(_ expression: Expression, _ inputs: [Double], _ input: Int, width: Double = 1e-6) -> Double {
    var above = inputs
    var below = inputs
    above[input] += width
    below[input] -= width
    return (value(expression, above) - value(expression, below)) / (2 * width)
  }

  private func agree(_ a: Double, _ b: Double, within tolerance: Double) -> Bool {
    (a - b).magnitude < tolerance * (1 + b.magnitude)
  }

  @Test(arguments: rules.indices)
  func everyRule(index: Int) {
    let rule = Self.rules[index]
    let derivative = rule.function.derivative(withRespectTo: 0)
    for point in rule.points {
      let inputs = [point, 0.9]
      let expected = difference(rule.function, inputs, 0)
      #expect(agree(value(derivative, inputs), expected, within: 1e-7), "\(rule.name) at \(point)")
    }
  }

  @Test func composedExpressions() {
    var random = RandomExpressions(seed: 1)
    var compared = 0
    for _ in 0..<2000 {
      let expression = random.smooth(depth: 4)
      let inputs = random.inputs()
      for input in 0..<random.inputCount {
        let expected = difference(expression, inputs, input)
        // A second step width tells a kink or a steep place, where differences are no reference.
        let coarse = difference(expression, inputs, input, width: 1e-4)
        guard expected.magnitude < 1e3, agree(coarse, expected, within: 1e-4) else { continue }
        let derivative = value(expression.derivative(withRespectTo: input), inputs)
        #expect(agree(derivative, expected, within: 1e-4), "\(expression) by \(input) at \(inputs)")
        compared += 1
      }
    }
    #expect(compared > 5500)
  }

  @Test func absentInputsHaveDerivativeZero() {
    #expect((Expression.input(0) * .uniform(0)).derivative(withRespectTo: 1) == 0)
    #expect(Expression.floor(.input(0)).derivative(withRespectTo: 0) == 0)
    #expect(Expression.random(stream: 3).derivative(withRespectTo: 0) == 0)
  }

  /// These derivatives read the function's value, so that a backward pass does not need its input.
  @Test func derivativesInTermsOfTheOutput() {
    let x = Expression.input(0)
    let y = Expression.input(1)
    let functions: [Expression] = [.exp(x), .tanh(x), .sqrt(x), .max(x, 0), .max(x, 0.5)]
    for function in functions {
      let rewritten = function.derivative(withRespectTo: 0).replacing { $0 == function ? y : nil }
      #expect(rewritten.inputs == [1], "\(function)")
    }
    let relu = Expression.max(x, 0)
    let slope = relu.derivative(withRespectTo: 0).replacing { $0 == relu ? y : nil }
    #expect(slope == Expression.select(Expression.less(0, y), 1, 0))
  }

  @Test func kinksTakeTheBranchThatIsTaken() {
    let x = Expression.input(0)
    #expect(Expression.max(x, 0).derivative(withRespectTo: 0).evaluate(inputs: [0]) == 0)
    #expect(Expression.abs(x).derivative(withRespectTo: 0).evaluate(inputs: [0]) == 0)
    #expect(Expression.min(x, 0).derivative(withRespectTo: 0).evaluate(inputs: [0]) == 1)
  }
}
