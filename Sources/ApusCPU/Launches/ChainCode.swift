import ApusCPUKernels
import ApusExpression

/// A register program in the interpreter's form: operands are slot numbers.
struct ChainCode {
  private(set) var instructions: [ChainInstruction] = []
  /// Constants by value, and uniforms, whose values come with each step.
  private(set) var scalars: [Float] = []
  private(set) var uniforms: [(scalar: Int, field: Int)] = []
  private(set) var results: [Int32] = []
  let registerCount: Int
  /// What one element costs, in simple operations.
  private(set) var weight = 1

  private let inputCount: Int
  private var constants: [UInt32: Int] = [:]
  private var fields: [Int: Int] = [:]

  init(_ program: RegisterProgram, inputCount: Int) {
    self.inputCount = inputCount
    registerCount = program.registerCount
    for instruction in program.instructions { collect(instruction.operation) }
    for result in program.results { collect(result) }
    for instruction in program.instructions { append(instruction) }
    results = program.results.map(slot)
    // A single result is computed straight into its own slot, which may be the output.
    if results.count == 1, case .register = program.results[0], !instructions.isEmpty {
      results[0] = Int32(inputCount + scalars.count + registerCount)
      instructions[instructions.count - 1].destination = results[0]
    }
  }

  private mutating func collect(_ operation: RegisterProgram.Operation) {
    switch operation {
    case .unary(_, let a): collect(a)
    case .binary(_, let a, let b): [a, b].forEach { collect($0) }
    case .multiplyAdd(let a, let b, let c): [a, b, c].forEach { collect($0) }
    case .select(_, let a, let b, let c, let d): [a, b, c, d].forEach { collect($0) }
    case .random: break
    }
  }

  private mutating func collect(_ operand: RegisterProgram.Operand) {
    switch operand {
    case .constant(let value):
      guard constants[value.bitPattern] == nil else { return }
      constants[value.bitPattern] = scalars.count
      scalars.append(value)
    case .uniform(let field):
      guard fields[field] == nil else { return }
      fields[field] = scalars.count
      uniforms.append((scalars.count, field))
      scalars.append(0)
    case .input, .register: break
    }
  }

  private func slot(_ operand: RegisterProgram.Operand) -> Int32 {
    switch operand {
    case .input(let index): Int32(index)
    case .constant(let value): Int32(inputCount + constants[value.bitPattern, default: 0])
    case .uniform(let field): Int32(inputCount + fields[field, default: 0])
    case .register(let index): Int32(inputCount + scalars.count + index)
    }
  }

  private mutating func append(_ instruction: RegisterProgram.Instruction) {
    let destination = slot(.register(instruction.destination))
    var code: ChainInstruction
    switch instruction.operation {
    case .unary(let function, let a):
      code = ChainInstruction(ChainOpcode(function), destination: destination)
      code.a = slot(a)
    case .binary(let function, let a, let b):
      code = ChainInstruction(ChainOpcode(function), destination: destination)
      (code.a, code.b) = (slot(a), slot(b))
    case .multiplyAdd(let a, let b, let c):
      code = ChainInstruction(.multiplyAdd, destination: destination)
      (code.a, code.b, code.c) = (slot(a), slot(b), slot(c))
    case .select(.less, let a, let b, let yes, let no) where yes == b && no == a:
      code = ChainInstruction(.maximum, destination: destination)
      (code.a, code.b) = (slot(a), slot(b))
    case .select(.less, let a, let b, let yes, let no) where yes == a && no == b:
      // What `min` of b and a is.
      code = ChainInstruction(.minimum, destination: destination)
      (code.a, code.b) = (slot(b), slot(a))
    case .select(let comparison, let a, let b, let yes, let no):
      code = ChainInstruction(ChainOpcode(comparison), destination: destination)
      (code.a, code.b, code.c, code.d) = (slot(a), slot(b), slot(yes), slot(no))
    case .random(let stream):
      code = ChainInstruction(.random, destination: destination)
      code.stream = stream
    }
    weight += code.opcode.weight
    instructions.append(code)
  }
}

extension ChainOpcode {
  init(_ function: Expression.Unary) {
    switch function {
    case .negate: self = .negate
    case .sqrt: self = .squareRoot
    case .exp: self = .exponential
    case .log: self = .logarithm
    case .tanh: self = .tangent
    case .erf: self = .errorFunction
    case .normalCDF: self = .normalCDF
    case .normalPDF: self = .normalPDF
    case .sigmoid: self = .sigmoid
    case .softplus: self = .softplus
    case .sin: self = .sine
    case .cos: self = .cosine
    case .abs: self = .absolute
    case .floor: self = .floor
    }
  }

  init(_ function: Expression.Binary) {
    switch function {
    case .add: self = .add
    case .subtract: self = .subtract
    case .multiply: self = .multiply
    case .divide: self = .divide
    }
  }

  init(_ comparison: Expression.Comparison) {
    switch comparison {
    case .less: self = .selectLess
    case .lessOrEqual: self = .selectLessOrEqual
    case .equal: self = .selectEqual
    }
  }

  /// How many simple operations this one takes the time of.
  fileprivate var weight: Int {
    switch self {
    case .add, .subtract, .multiply, .maximum, .minimum, .multiplyAdd, .negate, .absolute, .floor: 1
    case .selectLess, .selectLessOrEqual, .selectEqual: 2
    case .divide, .squareRoot: 4
    case .exponential, .logarithm, .normalCDF, .normalPDF, .sigmoid, .softplus, .sine, .cosine: 8
    case .tangent, .errorFunction, .random: 16
    }
  }
}
