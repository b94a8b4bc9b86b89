import ApusCPUKernels
import ApusExpression
import CPrefetch

extension ChainFrame {
  /// Runs the code on whole vectors; the elements past the chunk's end are computed too and mean nothing. What is the
  /// same all along a row is computed once for each, and what is the same everywhere once.
  ///
  /// Operations find their operands in the first-level cache, but for those that read memory and wait for it. So the lines
  /// that the next chunk reads and writes are fetched meanwhile, a line with each vector: many at once would wait for each
  /// other, and the operation for them.
  ///
  /// - Parameter placesAhead: how many places of the next chunk are known.
  func run(_ chunk: ChainChunk, placesAhead: Int) {
    let code = plan.pointee.code
    let count = plan.pointee.codeCount
    var fetches = ChainFetches(ahead, count: placesAhead, elements: chunk.count, nowhere: resultRow)
    for position in 0..<count {
      fetches.begin(operationsLeft: count - position)
      let i = code[position]
      switch i.opcode {
      case .add: binary(Add.self, i, chunk, &fetches)
      case .subtract: binary(Subtract.self, i, chunk, &fetches)
      case .multiply: binary(Multiply.self, i, chunk, &fetches)
      case .divide: binary(Divide.self, i, chunk, &fetches)
      case .maximum: binary(Maximum.self, i, chunk, &fetches)
      case .minimum: binary(Minimum.self, i, chunk, &fetches)
      case .multiplyAdd: ternary(MultiplyAdd.self, i, chunk, &fetches)
      case .selectLess: select(Less.self, i, chunk, &fetches)
      case .selectLessOrEqual: select(LessOrEqual.self, i, chunk, &fetches)
      case .selectEqual: select(Equal.self, i, chunk, &fetches)
      case .negate: unary(Negate.self, i, chunk, &fetches)
      case .absolute: unary(Absolute.self, i, chunk, &fetches)
      case .floor: unary(Floor.self, i, chunk, &fetches)
      case .squareRoot: unary(SquareRoot.self, i, chunk, &fetches)
      case .exponential: elementary(Exponential.self, i, chunk, &fetches)
      case .logarithm: elementary(Logarithm.self, i, chunk, &fetches)
      case .tangent: elementary(Tangent.self, i, chunk, &fetches)
      case .errorFunction: elementary(ErrorFunction.self, i, chunk, &fetches)
      case .normalCDF: elementary(NormalCDF.self, i, chunk, &fetches)
      case .normalPDF: elementary(NormalPDF.self, i, chunk, &fetches)
      case .sigmoid: elementary(Sigmoid.self, i, chunk, &fetches)
      case .softplus: elementary(Softplus.self, i, chunk, &fetches)
      case .sine: unary(Sine.self, i, chunk, &fetches)
      case .cosine: unary(Cosine.self, i, chunk, &fetches)
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

  @inline(never)
  private func unary<F: UnaryFunction>(
    _ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk, _ fetches: inout ChainFetches
  ) {
    let a = slots[Int(i.a)]
    let sweep = sweep(i, chunk, steps: a.step, rowSteps: a.rowStep)
    let xStep = sweep.step(a)
    var x = a.pointer
    var target = sweep.target
    var lines = fetches.walk(sweep.rows * sweep.vectors)
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        F.value(.load(x)).store(target)
        x += xStep
        target += Wide.count
        lines.fetch()
      }
      x += a.rowStep
    }
  }

  /// As `unary`, for functions of many operations: two vectors at a time. Each loop is compiled by itself, where its constants
  /// find registers.
  @inline(never)
  private func elementary<F: ElementaryFunction>(
    _ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk, _ fetches: inout ChainFetches
  ) {
    let a = slots[Int(i.a)]
    let sweep = sweep(i, chunk, steps: a.step, rowSteps: a.rowStep)
    let xStep = sweep.step(a)
    var x = a.pointer
    var target = sweep.target
    var lines = fetches.walk(sweep.rows * sweep.vectors)
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
        lines.fetch()
        lines.fetch()
      }
      x += a.rowStep
    }
  }

  @inline(never)
  private func binary<F: BinaryFunction>(
    _ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk, _ fetches: inout ChainFetches
  ) {
    let a = slots[Int(i.a)]
    let b = slots[Int(i.b)]
    let sweep = sweep(i, chunk, steps: a.step | b.step, rowSteps: a.rowStep | b.rowStep)
    let (xStep, yStep) = (sweep.step(a), sweep.step(b))
    var x = a.pointer
    var y = b.pointer
    var target = sweep.target
    var lines = fetches.walk(sweep.rows * sweep.vectors)
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        F.value(.load(x), .load(y)).store(target)
        x += xStep
        y += yStep
        target += Wide.count
        lines.fetch()
      }
      x += a.rowStep
      y += b.rowStep
    }
  }

  @inline(never)
  private func ternary<F: TernaryFunction>(
    _ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk, _ fetches: inout ChainFetches
  ) {
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
    var lines = fetches.walk(sweep.rows * sweep.vectors)
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        F.value(.load(x), .load(y), .load(z)).store(target)
        x += xStep
        y += yStep
        z += zStep
        target += Wide.count
        lines.fetch()
      }
      x += a.rowStep
      y += b.rowStep
      z += c.rowStep
    }
  }

  @inline(never)
  private func select<F: ComparisonFunction>(
    _ function: F.Type, _ i: ChainInstruction, _ chunk: ChainChunk, _ fetches: inout ChainFetches
  ) {
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
    var lines = fetches.walk(sweep.rows * sweep.vectors)
    for _ in 0..<sweep.rows {
      for _ in 0..<sweep.vectors {
        Wide.select(F.holds(.load(x), .load(y)), .load(yes), .load(no)).store(target)
        x += xStep
        y += yStep
        yes += yesStep
        no += noStep
        target += Wide.count
        lines.fetch()
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

/// The places that the next chunk goes on from, whose lines are fetched while this one is computed.
private struct ChainFetches {
  private var places: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// The places that are left.
  private var count: Int
  /// The places that the next operation takes.
  private var share = 0
  /// The length of the chunk.
  private let elements: Int
  /// What is pointed to where nothing is fetched.
  private let nowhere: UnsafeMutablePointer<Float>

  @inline(__always)
  init(
    _ places: UnsafeMutablePointer<UnsafeMutablePointer<Float>>, count: Int, elements: Int,
    nowhere: UnsafeMutablePointer<Float>
  ) {
    self.places = places
    self.count = count
    self.elements = elements
    self.nowhere = nowhere
  }

  /// Deals out what is left to the operations that are left; what they cannot take is fetched at once.
  @inline(__always)
  mutating func begin(operationsLeft: Int) {
    while count > LineFetches.mostPlaces * operationsLeft {
      let place = next()
      var element = 0
      while element < elements {
        apus_prefetch_line(place + element)
        element += 16
      }
    }
    share = count > operationsLeft ? LineFetches.mostPlaces : min(count, 1)
  }

  /// What an operation on so many vectors fetches: nothing where they are fewer than the chunk's.
  @inline(__always)
  mutating func walk(_ vectors: Int) -> LineFetches {
    guard share > 0, vectors * Wide.count >= elements else {
      return LineFetches(places: 0, first: nowhere, second: nowhere)
    }
    let (count, first) = (share, next())
    return LineFetches(places: count, first: first, second: count > 1 ? next() : nowhere)
  }

  @inline(__always)
  private mutating func next() -> UnsafeMutablePointer<Float> {
    let place = places.pointee
    places += 1
    count -= 1
    return place
  }
}

/// Lines of memory, fetched one after the other from up to two places.
private struct LineFetches {
  @inline(__always) static var mostPlaces: Int { 2 }

  let places: Int
  var first: UnsafeMutablePointer<Float>
  var second: UnsafeMutablePointer<Float>

  /// Fetches the line of each place's next vector.
  @inline(__always)
  mutating func fetch() {
    guard places > 0 else { return }
    apus_prefetch_line(first)
    first += Wide.count
    guard places > 1 else { return }
    apus_prefetch_line(second)
    second += Wide.count
  }
}
