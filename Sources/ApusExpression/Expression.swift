/// A symbolic pointwise computation: the reading of `Formula` that is differentiated, fused, rendered to
/// OpenCL C and compiled to a register program.
///
/// An expression is an immutable tree with shared parts. Building one folds constants and removes
/// arithmetic identities; equality and hashing are structural.
public struct Expression: Formula, Hashable {
  /// What an expression is made of.
  public indirect enum Node: Sendable, Hashable {
    /// A number.
    case constant(Double)
    /// The element of the computation's nth input.
    case input(Int)
    /// The nth scalar that the host passes with a launch.
    case uniform(Int)
    /// A uniform number in [0, 1), drawn by Philox for (seed, stream, step, element).
    case random(stream: UInt32)
    /// A function of one argument.
    case unary(Unary, Expression)
    /// A function of two arguments.
    case binary(Binary, Expression, Expression)
    /// `a * b + c`.
    case multiplyAdd(Expression, Expression, Expression)
    /// `yes` where the comparison holds, `no` elsewhere.
    case select(Comparison, Expression, Expression, yes: Expression, no: Expression)
  }

  /// Functions of one argument.
  public enum Unary: String, Sendable, CaseIterable {
    case negate, sqrt, exp, log, tanh, erf, normalCDF, normalPDF, sigmoid, softplus, sin, cos, abs, floor
  }

  /// Functions of two arguments.
  public enum Binary: String, Sendable, CaseIterable {
    case add, subtract, multiply, divide
  }

  /// Comparisons; each is false when either side is NaN.
  public enum Comparison: String, Sendable, CaseIterable {
    case less, lessOrEqual, equal
  }

  /// A comparison of two expressions.
  public struct Condition: Sendable, Hashable {
    let comparison: Comparison
    let left: Expression
    let right: Expression

    /// Whether `a < b`.
    public static func less(_ a: Expression, _ b: Expression) -> Condition {
      Condition(comparison: .less, left: a, right: b)
    }

    /// Whether `a <= b`.
    public static func lessOrEqual(_ a: Expression, _ b: Expression) -> Condition {
      Condition(comparison: .lessOrEqual, left: a, right: b)
    }

    /// Whether `a == b`.
    public static func equal(_ a: Expression, _ b: Expression) -> Condition {
      Condition(comparison: .equal, left: a, right: b)
    }
  }

  private final class Storage: Sendable {
    let node: Node
    let hash: Int
    let size: Int

    init(_ node: Node) {
      self.node = node
      var hasher = Hasher()
      hasher.combine(node)
      hash = hasher.finalize()
      size = 1 + node.operands.reduce(0) { $0 &+ $1.storage.size }
    }
  }

  private let storage: Storage

  /// The expression of a node as it is, without simplification.
  public init(node: Node) { storage = Storage(node) }

  /// The expression's outermost node.
  public var node: Node { storage.node }

  /// The number of nodes, shared ones counted each time they occur.
  public var size: Int { storage.size }

  public static func == (a: Expression, b: Expression) -> Bool {
    a.storage === b.storage
      || (a.storage.hash == b.storage.hash && a.storage.size == b.storage.size && a.node == b.node)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(storage.hash) }
}

// MARK: - Leaves

extension Expression {
  public init(_ value: Double) { self.init(node: .constant(value)) }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  /// The nth input's element.
  public static func input(_ index: Int) -> Expression { Expression(node: .input(index)) }

  /// The nth scalar passed with a launch.
  public static func uniform(_ index: Int) -> Expression { Expression(node: .uniform(index)) }

  /// A uniform number in [0, 1) of a random stream.
  public static func random(stream: UInt32) -> Expression { Expression(node: .random(stream: stream)) }

  /// The value when this is a plain number.
  public var constantValue: Double? {
    if case .constant(let value) = node { value } else { nil }
  }
}

// MARK: - Building, with simplification

extension Expression {
  public static func + (a: Expression, b: Expression) -> Expression {
    switch (a.constantValue, b.constantValue) {
    case (let x?, let y?): return Expression(x + y)
    case (0, _): return b
    case (_, 0): return a
    default: break
    }
    if case .unary(.negate, let negated) = b.node { return a - negated }
    if case .unary(.negate, let negated) = a.node { return b - negated }
    return Expression(node: .binary(.add, a, b))
  }

  public static func - (a: Expression, b: Expression) -> Expression {
    switch (a.constantValue, b.constantValue) {
    case (let x?, let y?): return Expression(x - y)
    case (0, _): return -b
    case (_, 0): return a
    default: break
    }
    if case .unary(.negate, let negated) = b.node { return a + negated }
    return Expression(node: .binary(.subtract, a, b))
  }

  public static func * (a: Expression, b: Expression) -> Expression {
    switch (a.constantValue, b.constantValue) {
    case (let x?, let y?): return Expression(x * y)
    case (1, _): return b
    case (_, 1): return a
    case (-1, _): return -b
    case (_, -1): return -a
    default: break
    }
    if let x = a.constantValue, case .binary(.multiply, let left, let right) = b.node, let y = left.constantValue {
      return Expression(x * y) * right
    }
    if b.constantValue != nil, a.constantValue == nil { return b * a }
    return Expression(node: .binary(.multiply, a, b))
  }

  public static func / (a: Expression, b: Expression) -> Expression {
    switch (a.constantValue, b.constantValue) {
    case (let x?, let y?): return Expression(x / y)
    case (_, 1): return a
    default: return Expression(node: .binary(.divide, a, b))
    }
  }

  public static prefix func - (a: Expression) -> Expression {
    if case .unary(.negate, let inner) = a.node { return inner }
    if case .binary(.subtract, let left, let right) = a.node { return right - left }
    return unary(.negate, a)
  }

  public static func multiplyAdd(_ a: Expression, _ b: Expression, _ c: Expression) -> Expression {
    if a.constantValue == 1 || b.constantValue == 1 || c.constantValue == 0
      || (a.constantValue != nil && b.constantValue != nil)
    {
      return a * b + c
    }
    return Expression(node: .multiplyAdd(a, b, c))
  }

  public static func sqrt(_ x: Expression) -> Expression { unary(.sqrt, x) }
  public static func exp(_ x: Expression) -> Expression { unary(.exp, x) }
  public static func log(_ x: Expression) -> Expression { unary(.log, x) }
  public static func tanh(_ x: Expression) -> Expression { unary(.tanh, x) }
  public static func erf(_ x: Expression) -> Expression { unary(.erf, x) }
  public static func normalCDF(_ x: Expression) -> Expression { unary(.normalCDF, x) }
  public static func normalPDF(_ x: Expression) -> Expression { unary(.normalPDF, x) }
  public static func sigmoid(_ x: Expression) -> Expression { unary(.sigmoid, x) }
  public static func softplus(_ x: Expression) -> Expression { unary(.softplus, x) }
  public static func sin(_ x: Expression) -> Expression { unary(.sin, x) }
  public static func cos(_ x: Expression) -> Expression { unary(.cos, x) }
  public static func abs(_ x: Expression) -> Expression { unary(.abs, x) }
  public static func floor(_ x: Expression) -> Expression { unary(.floor, x) }

  static func unary(_ function: Unary, _ x: Expression) -> Expression {
    if let value = x.constantValue { return Expression(function.apply(value)) }
    return Expression(node: .unary(function, x))
  }

  static func binary(_ function: Binary, _ a: Expression, _ b: Expression) -> Expression {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    }
  }

  public static func less(_ a: Expression, _ b: Expression) -> Condition { .less(a, b) }
  public static func lessOrEqual(_ a: Expression, _ b: Expression) -> Condition { .lessOrEqual(a, b) }
  public static func equal(_ a: Expression, _ b: Expression) -> Condition { .equal(a, b) }

  public static func select(_ condition: Condition, _ a: Expression, _ b: Expression) -> Expression {
    if a == b { return a }
    if let x = condition.left.constantValue, let y = condition.right.constantValue {
      return condition.comparison.holds(x, y) ? a : b
    }
    return Expression(node: .select(condition.comparison, condition.left, condition.right, yes: a, no: b))
  }
}

// MARK: - Structure

extension Expression.Node {
  /// The expressions directly below this node.
  public var operands: [Expression] {
    switch self {
    case .constant, .input, .uniform, .random: []
    case .unary(_, let x): [x]
    case .binary(_, let a, let b): [a, b]
    case .multiplyAdd(let a, let b, let c): [a, b, c]
    case .select(_, let left, let right, let yes, let no): [left, right, yes, no]
    }
  }
}

extension Expression {
  /// A copy in which every maximal part that `replacement` answers for is replaced; the rest is rebuilt and
  /// simplified anew. Shared parts are visited once.
  public func replacing(_ replacement: (Expression) -> Expression?) -> Expression {
    var done: [Expression: Expression] = [:]
    return replacing(replacement, &done)
  }

  private func replacing(
    _ replacement: (Expression) -> Expression?, _ done: inout [Expression: Expression]
  ) -> Expression {
    if let known = done[self] { return known }
    let result: Expression
    if let replaced = replacement(self) {
      result = replaced
    } else {
      switch node {
      case .constant, .input, .uniform, .random:
        result = self
      case .unary(.negate, let x):
        result = -x.replacing(replacement, &done)
      case .unary(let function, let x):
        result = .unary(function, x.replacing(replacement, &done))
      case .binary(let function, let a, let b):
        result = .binary(function, a.replacing(replacement, &done), b.replacing(replacement, &done))
      case .multiplyAdd(let a, let b, let c):
        result = .multiplyAdd(
          a.replacing(replacement, &done), b.replacing(replacement, &done), c.replacing(replacement, &done))
      case .select(let comparison, let left, let right, let yes, let no):
        result = .select(
          Condition(
            comparison: comparison, left: left.replacing(replacement, &done),
            right: right.replacing(replacement, &done)),
          yes.replacing(replacement, &done), no.replacing(replacement, &done))
      }
    }
    done[self] = result
    return result
  }

  /// The indices of the inputs that occur, ascending.
  public var inputs: [Int] {
    var found: Set<Int> = []
    visit { if case .input(let index) = $0.node { found.insert(index) } }
    return found.sorted()
  }

  /// The expression with other numbers for its inputs.
  public func renumberingInputs(_ number: (Int) -> Int) -> Expression {
    replacing { part in
      if case .input(let index) = part.node { .input(number(index)) } else { nil }
    }
  }

  /// Whether any random leaf occurs.
  public var isRandom: Bool {
    var found = false
    visit { if case .random = $0.node { found = true } }
    return found
  }

  /// Whether a function occurs that takes many operations.
  package var hasCostlyFunction: Bool { !costlyParts.isEmpty }

  /// The parts that are functions which take many operations.
  package var costlyParts: Set<Expression> {
    var parts: Set<Expression> = []
    visit { part in
      guard case .unary(let function, _) = part.node else { return }
      switch function {
      case .exp, .log, .tanh, .erf, .normalCDF, .normalPDF, .sigmoid, .softplus, .sin, .cos: parts.insert(part)
      case .negate, .sqrt, .abs, .floor: break
      }
    }
    return parts
  }

  /// Calls `body` once for every distinct part, operands before what uses them.
  public func visit(_ body: (Expression) -> Void) {
    var seen: Set<Expression> = []
    visit(&seen, body)
  }

  func visit(_ seen: inout Set<Expression>, _ body: (Expression) -> Void) {
    guard seen.insert(self).inserted else { return }
    for operand in node.operands { operand.visit(&seen, body) }
    body(self)
  }
}
