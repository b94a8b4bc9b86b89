import ApusCPUKernels
import ApusExpression
import CPrefetch

extension ChainFrame {
  /// Runs the code on whole vectors; the elements past the chunk's end are computed too and mean nothing. What is the
  /// same all along a row is computed once for each, and what is the same everywhere once.
  ///
  /// Operations find their operands in the first-level cache, but for those that read memory and wait for it. So the lines
  /// that the next chunk reads and writes are fetched meanwhile, a share of them before each operation.
  ///
  /// - Parameter placesAhead: how many places of the next chunk are known.
  func run(_ chunk: ChainChunk, placesAhead: Int) {
    let code = plan.pointee.code
    let lines = (chunk.count + 15) / 16
    let share = (lines * placesAhead + plan.pointee.codeCount - 1) / max(plan.pointee.codeCount, 1)
    var (place, line) = (0, 0)
    for position in 0..<plan.pointee.codeCount {
      var rest = share
      while rest > 0, place < placesAhead {
        apus_prefetch_line(ahead[place] + line * 16)
        rest -= 1
        line += 1
        if line == lines { (place, line) = (place + 1, 0) }
      }
      let i = code[position]
      switch i.opcode {
      case .add: binary(i, chunk) { $0 + $1 }
      case .subtract: binary(i, chunk) { $0 - $1 }
      case .multiply: binary(i, chunk) { $0 * $1 }
      case .divide: binary(i, chunk) { $0 / $1 }
      case .maximum: binary(i, chunk) { .max($0, $1) }
      case .minimum: binary(i, chunk) { .min($0, $1) }
      case .multiplyAdd: multiplyAdd(i, chunk)
      case .selectLess: select(i, chunk) { Wide.less($0, $1) }
      case .selectLessOrEqual: select(i, chunk) { Wide.lessOrEqual($0, $1) }
      case .selectEqual: select(i, chunk) { Wide.equal($0, $1) }
      case .negate: unary(i, chunk) { -$0 }
      case .absolute: unary(i, chunk) { .abs($0) }
      case .floor: unary(i, chunk) { .floor($0) }
      case .squareRoot: unary(i, chunk) { .sqrt($0) }
      case .exponential: elementary(Exponential.self, i, chunk)
      case .logarithm: elementary(Logarithm.self, i, chunk)
      case .tangent: elementary(Tangent.self, i, chunk)
      case .errorFunction: elementary(ErrorFunction.self, i, chunk)
      case .normalCDF: elementary(NormalCDF.self, i, chunk)
      case .normalPDF: elementary(NormalPDF.self, i, chunk)
      case .sigmoid: elementary(Sigmoid.self, i, chunk)
      case .softplus: elementary(Softplus.self, i, chunk)
      case .sine: unary(i, chunk) { .sin($0) }
      case .cosine: unary(i, chunk) { .cos($0) }
      case .random: random(i, chunk)
      }
    }
  }

  /// How an operation runs over a chunk, and where it writes.
  private struct Sweep {
    var rows = 1
    var vectors: Int
    /// Whether a vector stands for a row, so that operands take their steps from row to row.
    var isByRows = false
    var target: UnsafeMutablePointer<Float>

    @inline(__always)
    func step(_ slot: ChainSlot) -> Int { isByRows ? slot.rowStep : slot.step }
  }

  /// Points the destination's slot at what will be there.
  ///
  /// - Parameters:
  ///   - steps: the operands' steps, joined by or: 0 where all are the same along each row.
  ///   - rowSteps: their row steps likewise: 0 where none has a vector for each row.
  @inline(__always)
  private func sweep(_ i: ChainInstruction, _ chunk: ChainChunk, steps: Int, rowSteps: Int) -> Sweep {
    let destination = Int(i.destination)
    let p = plan.pointee
    if destination == p.resultSlot { return dense(slots[destination].pointer, chunk, rowSteps) }
    let register = destination - p.inputCount - p.scalarCount
    if steps == 0 {
      let target = constantRow(register)
      slots[destination] = ChainSlot(pointer: target, step: 0, rowStep: rowSteps)
      return Sweep(vectors: rowSteps == 0 ? 1 : chunk.rows, isByRows: true, target: target)
    }
    let target = row(p.inputCount + register)
    slots[destination] = ChainSlot(pointer: target, step: Wide.count)
    return dense(target, chunk, rowSteps)
  }

  @inline(__always)
  private func dense(_ target: UnsafeMutablePointer<Float>, _ chunk: ChainChunk, _ rowSteps: Int) -> Sweep {
    rowSteps == 0
      ? Sweep(vectors: (chunk.count + Wide.count - 1) / Wide.count, target: target)
      : Sweep(rows: chunk.rows, vectors: chunk.columns / Wide.count, target: target)
  }

  @inline(__always)
  private func unary(_ i: ChainInstruction, _ chunk: ChainChunk, _ function: (Wide) -> Wide) {
    let a = slots[Int(i.a)]
    let sweep = sweep(i, chunk, steps: a.step, rowSteps: a.rowStep)
    let xStep = sweep.step(a)
    var x = a.pointer
    var target = sweep.target
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        function(.load(x)).store(target)
        x += xStep
        target += Wide.count
      }
      x += a.rowStep
    }
  }

  /// As `unary`, for functions of many operations: two vectors at a time. Each loop is compiled by itself, where its constants
  /// find registers.
  @inline(never)
  private func elementary<F: ElementaryFunction>(_ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk) {
    let a = slots[Int(i.a)]
    let sweep = sweep(i, chunk, steps: a.step, rowSteps: a.rowStep)
    let xStep = sweep.step(a)
    var x = a.pointer
    var target = sweep.target
    for _ in 0..<sweep.rows {
      // Of an odd number the first vector is taken twice.
      var isPair = sweep.vectors.isMultiple(of: 2) ? 1 : 0
      for _ in 0..<(sweep.vectors + 1) / 2 {
        let y = F.value(at: Pair(.load(x), .load(x + isPair * xStep)))
        y.first.store(target)
        y.second.store(target + isPair * Wide.count)
        x += (1 + isPair) * xStep
        target += (1 + isPair) * Wide.count
        isPair = 1
      }
      x += a.rowStep
    }
  }

  @inline(__always)
  private func binary(_ i: ChainInstruction, _ chunk: ChainChunk, _ function: (Wide, Wide) -> Wide) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let sweep = sweep(i, chunk, steps: a.step | b.step, rowSteps: a.rowStep | b.rowStep)
    let (xStep, yStep) = (sweep.step(a), sweep.step(b))
    var x = a.pointer
    var y = b.pointer
    var target = sweep.target
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        function(.load(x), .load(y)).store(target)
        x += xStep
        y += yStep
        target += Wide.count
      }
      x += a.rowStep
      y += b.rowStep
    }
  }

  @inline(__always)
  private func multiplyAdd(_ i: ChainInstruction, _ chunk: ChainChunk) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let c = slots[Int(i.c)]
    let sweep = sweep(
      i, chunk, steps: a.step | b.step | c.step, rowSteps: a.rowStep | b.rowStep | c.rowStep)
    let (xStep, yStep, zStep) = (sweep.step(a), sweep.step(b), sweep.step(c))
    var x = a.pointer
    var y = b.pointer
    var z = c.pointer
    var target = sweep.target
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        Wide.multiplyAdd(.load(x), .load(y), .load(z)).store(target)
        x += xStep
        y += yStep
        z += zStep
        target += Wide.count
      }
      x += a.rowStep
      y += b.rowStep
      z += c.rowStep
    }
  }

  @inline(__always)
  private func select(_ i: ChainInstruction, _ chunk: ChainChunk, _ holds: (Wide, Wide) -> Wide.Condition) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let c = slots[Int(i.c)]
    let d = slots[Int(i.d)]
    let sweep = sweep(
      i, chunk, steps: a.step | b.step | c.step | d.step, rowSteps: a.rowStep | b.rowStep | c.rowStep | d.rowStep)
    let (xStep, yStep) = (sweep.step(a), sweep.step(b))
    let (yesStep, noStep) = (sweep.step(c), sweep.step(d))
    var x = a.pointer
    var y = b.pointer
    var yes = c.pointer
    var no = d.pointer
    var target = sweep.target
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        Wide.select(holds(.load(x), .load(y)), .load(yes), .load(no)).store(target)
        x += xStep
        y += yStep
        yes += yesStep
        no += noStep
        target += Wide.count
      }
      x += a.rowStep
      y += b.rowStep
      yes += c.rowStep
      no += d.rowStep
    }
  }

  private func random(_ i: ChainInstruction, _ chunk: ChainChunk) {
    let p = plan.pointee
    let target = sweep(i, chunk, steps: Wide.count, rowSteps: 0).target
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
