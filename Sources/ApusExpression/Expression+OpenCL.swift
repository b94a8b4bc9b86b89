import Foundation

/// Expressions as statements of OpenCL C: each shared part is computed once, into a constant of its own.
///
/// The same expressions with the same names always give the same text. Constants are written exactly (as
/// hexadecimal floats), so a kernel computes with what `Float` rounds them to.
public struct OpenCLRendering: Sendable {
  /// What the surrounding kernel calls things.
  public struct Names: Sendable {
    /// The type of an element: `float`, or a vector such as `float16`; or a macro that stands for one.
    public var type: String
    /// The names of the inputs, each of the element type, but for those that are one number for all elements of a vector.
    public var input: @Sendable (Int) -> String
    /// Whether an input is a `float` whatever the element type is.
    public var isScalar: @Sendable (Int) -> Bool
    /// The names of the uniforms, each a `float`.
    public var uniform: @Sendable (Int) -> String
    /// The expression that draws a stream's numbers, of the element type.
    public var random: @Sendable (UInt32) -> String
    /// The first letters of the constants that are made.
    public var prefix: String

    /// - Parameters:
    ///   - type: the element type, `float` by default.
    ///   - prefix: the first letters of the constants, `t` by default.
    ///   - input: names the inputs; `x0`, `x1`, … by default.
    ///   - isScalar: whether an input is one number for all elements of a vector; none is by default.
    ///   - uniform: names the uniforms; `u0`, `u1`, … by default.
    ///   - random: draws a stream's numbers.
    public init(
      type: String = "float", prefix: String = "t",
      input: @escaping @Sendable (Int) -> String = { "x\($0)" },
      isScalar: @escaping @Sendable (Int) -> Bool = { _ in false },
      uniform: @escaping @Sendable (Int) -> String = { "u\($0)" },
      random: @escaping @Sendable (UInt32) -> String = { "RANDOM(\($0)u)" }
    ) {
      self.type = type
      self.prefix = prefix
      self.input = input
      self.isScalar = isScalar
      self.uniform = uniform
      self.random = random
    }
  }

  /// Declarations in the order in which they have to stand, one a line, without indentation.
  public private(set) var statements: [String] = []
  /// For each expression, the C expression of its value, of the element type.
  public private(set) var results: [String] = []

  private let names: Names
  private var values: [Expression: Value] = [:]

  /// A part's C expression, and whether it is one number for all elements of a vector.
  private struct Value: Sendable, Hashable {
    var text: String
    var isScalar: Bool
  }

  /// Renders expressions that are computed together.
  public init(_ expressions: [Expression], _ names: Names = Names()) {
    self.names = names
    var seen: Set<Expression> = []
    let expressions = expressions.map(\.expandingFunctions)
    for expression in expressions {
      var parts: [Expression] = []
      expression.visit(&seen) { parts.append($0) }
      for part in parts { add(part) }
    }
    results = expressions.map { vector($0) }
  }

  /// The statements, indented by a number of spaces.
  public func body(indentation: Int) -> String {
    statements.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
  }

  // MARK: - Parts

  private mutating func add(_ part: Expression) {
    switch part.node {
    case .constant(let value):
      values[part] = Value(text: OpenCLRendering.literal(value), isScalar: true)
    case .input(let index):
      values[part] = Value(text: names.input(index), isScalar: names.isScalar(index))
    case .uniform(let index):
      values[part] = Value(text: names.uniform(index), isScalar: true)
    case .random(let stream):
      declare(part, names.random(stream), isScalar: false)
    case .unary(let function, let x):
      let isScalar = value(x).isScalar
      declare(part, function.openCL(value(x).text), isScalar: isScalar)
    case .binary(let function, let a, let b):
      let isScalar = value(a).isScalar && value(b).isScalar
      declare(part, "\(value(a).text) \(function.openCL) \(value(b).text)", isScalar: isScalar)
    case .multiplyAdd(let a, let b, let c):
      let (operands, isScalar) = uniformly([a, b, c])
      declare(part, "MAD(\(operands.joined(separator: ", ")))", isScalar: isScalar)
    case .select(let comparison, let left, let right, let yes, let no):
      let (operands, isScalar) = uniformly([left, right, yes, no])
      declare(
        part, "\(operands[0]) \(comparison.openCL) \(operands[1]) ? \(operands[2]) : \(operands[3])",
        isScalar: isScalar)
    }
  }

  private func value(_ part: Expression) -> Value { values[part] ?? Value(text: "0", isScalar: true) }

  private func vector(_ part: Expression) -> String {
    let value = value(part)
    return value.isScalar ? "(\(names.type))(\(value.text))" : value.text
  }

  /// The operands of something that takes no mixture of vectors and scalars.
  private func uniformly(_ parts: [Expression]) -> (texts: [String], isScalar: Bool) {
    let isScalar = parts.allSatisfy { value($0).isScalar }
    return (parts.map { isScalar ? value($0).text : vector($0) }, isScalar)
  }

  private mutating func declare(_ part: Expression, _ text: String, isScalar: Bool) {
    let name = "\(names.prefix)\(statements.count)"
    statements.append("const \(isScalar ? "float" : names.type) \(name) = \(text);")
    values[part] = Value(text: name, isScalar: isScalar)
  }

  /// A number as an OpenCL C literal of exactly the `Float` it rounds to.
  public static func literal(_ value: Double) -> String {
    let float = Float(value)
    if float.isNaN { return "NAN" }
    if float.isInfinite { return float < 0 ? "(-INFINITY)" : "INFINITY" }
    let magnitude = float.magnitude
    let digits =
      magnitude == magnitude.rounded() && magnitude < 65_536
      ? "\(Int(magnitude)).0f" : String(format: "%af", Double(magnitude))
    return float.sign == .minus ? "(-\(digits))" : digits
  }
}

extension Expression.Unary {
  fileprivate func openCL(_ x: String) -> String {
    switch self {
    case .negate: "-\(x)"
    case .abs: "fabs(\(x))"
    case .sqrt, .exp, .log, .tanh, .erf, .normalCDF, .normalPDF, .sigmoid, .softplus, .sin, .cos, .floor:
      "\(rawValue)(\(x))"
    }
  }
}

extension Expression.Binary {
  fileprivate var openCL: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    }
  }
}

extension Expression.Comparison {
  fileprivate var openCL: String {
    switch self {
    case .less: "<"
    case .lessOrEqual: "<="
    case .equal: "=="
    }
  }
}
