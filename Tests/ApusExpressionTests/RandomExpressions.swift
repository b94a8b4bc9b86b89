import ApusExpression

/// Expressions drawn at random, the same ones in every run.
struct RandomExpressions {
  private var generator: SplitMix
  let inputCount = 3
  let uniformCount = 2

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  /// A number in a range.
  mutating func number(in range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }

  /// Values for every input.
  mutating func inputs() -> [Double] { (0..<inputCount).map { _ in number(in: -1.5...1.5) } }

  /// Values for every uniform.
  mutating func uniforms() -> [Double] { (0..<uniformCount).map { _ in number(in: 0.2...1.2) } }

  /// An expression of at most the given depth that is smooth nearly everywhere and defined everywhere.
  mutating func smooth(depth: Int) -> Expression {
    if depth == 0 { return leaf() }
    func next() -> Expression { smooth(depth: depth - 1) }
    return switch Int.random(in: 0..<14, using: &generator) {
    case 0: next() + next()
    case 1: next() - next()
    case 2: next() * next()
    // Denominators and arguments of roots and logarithms are kept above zero.
    case 3: next() / (1 + Expression.square(next()))
    case 4: Expression.multiplyAdd(next(), next(), next())
    case 5: -next()
    case 6: Expression.sqrt(1 + Expression.square(next()))
    case 7: Expression.exp(Expression.tanh(next()))
    case 8: Expression.log(1 + Expression.square(next()))
    case 9: Expression.sin(next())
    case 10: Expression.erf(next())
    case 11: Expression.cos(next())
    case 12: Expression.max(next(), leaf())
    default: Expression.select(Expression.less(leaf(), leaf()), next(), next())
    }
  }

  /// A tree of nodes as they are, with no simplification, full of what simplification looks for: constants 0, 1 and −1,
  /// negations, nested products.
  mutating func raw(depth: Int) -> Expression {
    if depth == 0 { return leaf() }
    func next() -> Expression { raw(depth: depth - 1) }
    return switch Int.random(in: 0..<9, using: &generator) {
    case 0: Expression(node: .binary(.add, next(), next()))
    case 1: Expression(node: .binary(.subtract, next(), next()))
    case 2: Expression(node: .binary(.multiply, next(), next()))
    case 3: Expression(node: .binary(.divide, next(), Expression(node: .constant(2))))
    case 4: Expression(node: .unary(.negate, next()))
    case 5: Expression(node: .unary(.tanh, next()))
    case 6: Expression(node: .multiplyAdd(next(), next(), next()))
    case 7: Expression(node: .select(.less, leaf(), leaf(), yes: next(), no: next()))
    default: Expression(node: .binary(.multiply, leaf(), next()))
    }
  }

  private mutating func leaf() -> Expression {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: .uniform(Int.random(in: 0..<uniformCount, using: &generator))
    case 1: 0
    case 2: 1
    case 3: -1
    case 4: Expression(number(in: -2...2))
    default: .input(Int.random(in: 0..<inputCount, using: &generator))
    }
  }
}

/// A small generator of random words for tests.
///
/// Source: Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014, doi:10.1145/2714064.2660195.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
