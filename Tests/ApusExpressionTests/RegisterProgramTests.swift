import ApusExpression
import Testing

/// Register programs run by a plain interpreter in double precision.
@Suite struct RegisterProgramTests {
  /// Runs a program on single values and gives its results.
  private func run(
    _ program: RegisterProgram, inputs: [Double], uniforms: [Double], random: (UInt32) -> Double
  ) -> [Double] {
    // A register that is read before it is written poisons the result.
    var registers = [Double](repeating: .nan, count: program.registerCount)
    func value(_ operand: RegisterProgram.Operand) -> Double {
      switch operand {
      case .register(let index): registers[index]
      case .input(let index): inputs[index]
      case .uniform(let index): uniforms[index]
      case .constant(let number): Double(number)
      }
    }
    for instruction in program.instructions {
      registers[instruction.destination] =
        switch instruction.operation {
        case .unary(let function, let x): function.apply(value(x))
        case .binary(let function, let a, let b): function.apply(value(a), value(b))
        case .multiplyAdd(let a, let b, let c): value(a) * value(b) + value(c)
        case .select(let comparison, let left, let right, let yes, let no):
          comparison.holds(value(left), value(right)) ? value(yes) : value(no)
        case .random(let stream): random(stream)
        }
    }
    return program.results.map(value)
  }

  @Test func programsComputeWhatExpressionsAre() {
    var random = RandomExpressions(seed: 3)
    for count in [1, 1, 2, 3, 5] {
      for _ in 0..<400 {
        let drawn = Expression.random(stream: 7)
        let expressions = (0..<count).map { index in
          index % 2 == 0 ? random.smooth(depth: 4) : random.smooth(depth: 3) * drawn
        }
        let inputs = random.inputs()
        let uniforms = random.uniforms()
        let results = run(RegisterProgram(expressions), inputs: inputs, uniforms: uniforms) { Double($0) / 11 }
        for (expression, result) in zip(expressions, results) {
          let expected = expression.evaluate(inputs: inputs, uniforms: uniforms) { Double($0) / 11 }
          // Constants are kept in single precision.
          #expect(abs(result - expected) < 1e-4 * (1 + abs(expected)), "\(expression)")
        }
      }
    }
  }

  /// With constants that single precision holds, the values are the same to the last bit.
  @Test func programsAreExactWithExactConstants() {
    let x = Expression.input(0)
    let expressions: [Expression] = [
      .sigmoid(x) * 0.5 + .uniform(0), .max(x, 0.25), .sigmoid(x), x, 3, .uniform(1), .sigmoid(x) * 0.5 + .uniform(0),
    ]
    for value in [-2.0, -0.1, 0.25, 1.75] {
      let results = run(RegisterProgram(expressions), inputs: [value], uniforms: [0.7, 0.3]) { _ in 0 }
      #expect(results == expressions.map { $0.evaluate(inputs: [value], uniforms: [0.7, 0.3]) })
    }
  }

  @Test func commonPartsAreComputedOnce() {
    let shared = Expression.exp(.input(0) * .input(1))
    let program = RegisterProgram([shared + 1, shared * shared, .sin(shared)])
    #expect(program.instructions.count == 5)
  }

  @Test func aChainNeedsOneRegister() {
    var expression = Expression.input(0)
    for _ in 0..<20 { expression = .sin(expression * .uniform(0)) }
    let program = RegisterProgram([expression])
    #expect(program.instructions.count == 40)
    #expect(program.registerCount == 1)
  }

  @Test func aBalancedTreeNeedsALogarithmOfItsLeaves() {
    func tree(_ depth: Int, _ index: Int) -> Expression {
      depth == 0 ? .sin(.input(index)) : tree(depth - 1, 2 * index) + tree(depth - 1, 2 * index + 1)
    }
    #expect(RegisterProgram([tree(5, 0)]).registerCount == 6)
  }

  @Test func leavesNeedNoCode() {
    let program = RegisterProgram([.input(2), 4, .uniform(1)])
    #expect(program.instructions.isEmpty)
    #expect(program.registerCount == 0)
    #expect(program.results == [.input(2), .constant(4), .uniform(1)])
  }

  @Test func theSameExpressionsGiveTheSameCode() {
    var first = RandomExpressions(seed: 4)
    var second = RandomExpressions(seed: 4)
    for _ in 0..<50 { #expect(RegisterProgram([first.smooth(depth: 5)]) == RegisterProgram([second.smooth(depth: 5)])) }
  }
}
