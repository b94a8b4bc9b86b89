import ApusCPUKernels
import ApusExpression

extension ChainFrame {
  /// Runs the code on whole vectors; the elements past the chunk's end are computed too and mean nothing.
  func run(_ chunk: ChainChunk) {
    let vectors = (chunk.count + Wide.count - 1) / Wide.count
    let code = plan.pointee.code
    for position in 0..<plan.pointee.codeCount {
      let i = code[position]
      switch i.opcode {
      case .add: binary(i, vectors) { $0 + $1 }
      case .subtract: binary(i, vectors) { $0 - $1 }
      case .multiply: binary(i, vectors) { $0 * $1 }
      case .divide: binary(i, vectors) { $0 / $1 }
      case .multiplyAdd: multiplyAdd(i, vectors)
      case .selectLess: select(i, vectors) { Wide.less($0, $1) }
      case .selectLessOrEqual: select(i, vectors) { Wide.lessOrEqual($0, $1) }
      case .selectEqual: select(i, vectors) { Wide.equal($0, $1) }
      case .negate: unary(i, vectors) { -$0 }
      case .absolute: unary(i, vectors) { .abs($0) }
      case .floor: unary(i, vectors) { .floor($0) }
      case .squareRoot: unary(i, vectors) { .sqrt($0) }
      case .exponential: unary(i, vectors) { .exp($0) }
      case .logarithm: unary(i, vectors) { .log($0) }
      case .tangent: unary(i, vectors) { .tanh($0) }
      case .errorFunction: unary(i, vectors) { .erf($0) }
      case .sine: unary(i, vectors) { .sin($0) }
      case .cosine: unary(i, vectors) { .cos($0) }
      case .random: random(i, chunk)
      }
    }
  }

  @inline(__always)
  private func unary(_ i: ChainInstruction, _ vectors: Int, _ function: (Wide) -> Wide) {
    let a = slots[Int(i.a)]
    var x = a.pointer
    var target = slots[Int(i.destination)].pointer
    for _ in 0..<vectors {
      function(.load(x)).store(target)
      x += a.step
      target += Wide.count
    }
  }

  @inline(__always)
  private func binary(_ i: ChainInstruction, _ vectors: Int, _ function: (Wide, Wide) -> Wide) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    var x = a.pointer
    var y = b.pointer
    var target = slots[Int(i.destination)].pointer
    for _ in 0..<vectors {
      function(.load(x), .load(y)).store(target)
      x += a.step
      y += b.step
      target += Wide.count
    }
  }

  @inline(__always)
  private func multiplyAdd(_ i: ChainInstruction, _ vectors: Int) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let c = slots[Int(i.c)]
    var x = a.pointer
    var y = b.pointer
    var z = c.pointer
    var target = slots[Int(i.destination)].pointer
    for _ in 0..<vectors {
      Wide.multiplyAdd(.load(x), .load(y), .load(z)).store(target)
      x += a.step
      y += b.step
      z += c.step
      target += Wide.count
    }
  }

  @inline(__always)
  private func select(_ i: ChainInstruction, _ vectors: Int, _ holds: (Wide, Wide) -> Wide.Condition) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let c = slots[Int(i.c)]
    let d = slots[Int(i.d)]
    var x = a.pointer
    var y = b.pointer
    var yes = c.pointer
    var no = d.pointer
    var target = slots[Int(i.destination)].pointer
    for _ in 0..<vectors {
      Wide.select(holds(.load(x), .load(y)), .load(yes), .load(no)).store(target)
      x += a.step
      y += b.step
      yes += c.step
      no += d.step
      target += Wide.count
    }
  }

  private func random(_ i: ChainInstruction, _ chunk: ChainChunk) {
    let p = plan.pointee
    let target = slots[Int(i.destination)].pointer
    let generator = ChainRandom(
      keyLow: p.keyLow, keyHigh: p.keyHigh, step: p.step, stream: i.stream, spare: spareRow(0))
    let first = chunk.row * p.columns + chunk.column
    if chunk.rows == 1 || chunk.columns == p.columns {
      generator.draw(first, chunk.count, target)
    } else {
      for row in 0..<chunk.rows {
        generator.draw(first + row * p.columns, chunk.columns, target + row * chunk.columns)
      }
    }
  }
}
