/// Expressions flattened into straight-line code over a small set of registers, each as wide as the
/// interpreter's chunk.
///
/// Common parts are computed once; a register is reused after its value's last use, so that all registers
/// of a chunk stay in the first-level cache. Operands that are inputs are read in place.
public struct RegisterProgram: Sendable, Hashable {
  /// Where an operand comes from.
  public enum Operand: Sendable, Hashable {
    case register(Int)
    case input(Int)
    case uniform(Int)
    case constant(Float)
  }

  /// One operation on whole registers.
  public enum Operation: Sendable, Hashable {
    case unary(Expression.Unary, Operand)
    case binary(Expression.Binary, Operand, Operand)
    case multiplyAdd(Operand, Operand, Operand)
    case select(Expression.Comparison, Operand, Operand, yes: Operand, no: Operand)
    case random(stream: UInt32)
  }

  /// An operation and the register that takes its result.
  public struct Instruction: Sendable, Hashable {
    public let destination: Int
    public let operation: Operation
  }

  /// The code, in order.
  public let instructions: [Instruction]

  /// How many registers the code needs.
  public let registerCount: Int

  /// Where each expression's value is found after the last instruction.
  public let results: [Operand]

  /// Compiles expressions that are computed together.
  public init(_ expressions: [Expression]) {
    var order: [Expression] = []
    var seen: Set<Expression> = []
    for expression in expressions {
      expression.visit(&seen) { part in
        switch part.node {
        case .constant, .input, .uniform: break
        default: order.append(part)
        }
      }
    }

    var lastUse: [Expression: Int] = [:]
    for (position, part) in order.enumerated() {
      for operand in part.node.operands { lastUse[operand] = position }
    }
    for expression in expressions { lastUse[expression] = order.count }

    var registers: [Expression: Int] = [:]
    var free: [Int] = []
    var count = 0
    func operand(_ expression: Expression) -> Operand {
      switch expression.node {
      case .constant(let value): .constant(Float(value))
      case .input(let index): .input(index)
      case .uniform(let index): .uniform(index)
      default: .register(registers[expression, default: 0])
      }
    }

    var code: [Instruction] = []
    for (position, part) in order.enumerated() {
      let operation: Operation
      switch part.node {
      case .unary(let function, let x): operation = .unary(function, operand(x))
      case .binary(let function, let a, let b): operation = .binary(function, operand(a), operand(b))
      case .multiplyAdd(let a, let b, let c): operation = .multiplyAdd(operand(a), operand(b), operand(c))
      case .select(let comparison, let left, let right, let yes, let no):
        operation = .select(comparison, operand(left), operand(right), yes: operand(yes), no: operand(no))
      case .random(let stream): operation = .random(stream: stream)
      case .constant, .input, .uniform: continue
      }
      for dead in Set(part.node.operands) where lastUse[dead] == position {
        if let register = registers.removeValue(forKey: dead) { free.append(register) }
      }
      // The lowest free register, so that the code does not depend on the order of a set.
      free.sort(by: >)
      let destination = free.popLast() ?? count
      if destination == count { count += 1 }
      registers[part] = destination
      code.append(Instruction(destination: destination, operation: operation))
    }
    instructions = code
    registerCount = count
    results = expressions.map(operand)
  }
}
