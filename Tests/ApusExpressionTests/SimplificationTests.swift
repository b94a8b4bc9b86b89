import ApusExpression
import Testing

@Suite struct SimplificationTests {
  private let x = Expression.input(0)
  private let y = Expression.input(1)

  @Test func identitiesDisappear() {
    #expect(x + 0 == x)
    #expect(0 + x == x)
    #expect(x - 0 == x)
    #expect(0 - x == -x)
    #expect(x * 1 == x)
    #expect(1 * x == x)
    #expect(x * -1 == -x)
    #expect(x / 1 == x)
    #expect(-(-x) == x)
    #expect(x + -y == x - y)
    #expect(x - -y == x + y)
    #expect(-(x - y) == y - x)
    #expect(Expression.multiplyAdd(x, 1, y) == x + y)
    #expect(Expression.multiplyAdd(x, y, 0) == x * y)
    #expect(Expression.select(Expression.less(x, y), x, x) == x)
  }

  @Test func constantsFold() {
    #expect((Expression(2) + 3).constantValue == 5)
    #expect((2 * (3 * x)) == 6 * x)
    #expect((x * 2) == 2 * x)
    #expect(Expression.sqrt(Expression(16)).constantValue == 4)
    #expect(Expression.select(Expression.less(1, 2), x, y) == x)
    #expect(Expression.max(Expression(1), 2).constantValue == 2)
    #expect(Expression.multiplyAdd(2, 3, x) == 6 + x)
  }

  /// Zero times a value is kept: the value may be infinite or NaN.
  @Test func productsWithZeroStay() {
    #expect((x * 0).evaluate(inputs: [.infinity]).isNaN)
    #expect((0 / x).evaluate(inputs: [0]).isNaN)
  }

  @Test func valuesArePreserved() {
    var random = RandomExpressions(seed: 2)
    var smaller = 0
    for _ in 0..<5000 {
      let raw = random.raw(depth: 5)
      let simplified = raw.replacing { _ in nil }
      let inputs = random.inputs()
      let uniforms = random.uniforms()
      let expected = raw.evaluate(inputs: inputs, uniforms: uniforms)
      let value = simplified.evaluate(inputs: inputs, uniforms: uniforms)
      #expect(abs(value - expected) <= 1e-12 * (1 + abs(expected)), "\(raw)")
      #expect(simplified.size <= raw.size)
      if simplified.size < raw.size { smaller += 1 }
    }
    #expect(smaller > 4000)
  }

  @Test func replacingExchangesParts() {
    let expression = Expression.exp(x * y) + x * y
    let replaced = expression.replacing { $0 == x * y ? .input(2) : nil }
    #expect(replaced == Expression.exp(.input(2)) + .input(2))
    #expect(replaced.inputs == [2])
  }

  @Test func equalityIsStructural() {
    #expect(Expression.sin(x + y) == Expression.sin(.input(0) + .input(1)))
    #expect(Expression.sin(x + y) != Expression.sin(y + x))
    #expect(Set([x * y, .input(0) * .input(1), y * x]).count == 2)
  }

  @Test func randomLeavesAreFound() {
    #expect((x * .random(stream: 4)).isRandom)
    #expect(!(x * y).isRandom)
  }

  @Test func visitComesOnceAndOperandsFirst() {
    var order: [Expression] = []
    let shared = x * y
    (Expression.sin(shared) + shared).visit { order.append($0) }
    #expect(order == [x, y, shared, Expression.sin(shared), Expression.sin(shared) + shared])
  }
}
