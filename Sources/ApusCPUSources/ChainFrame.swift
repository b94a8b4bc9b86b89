import ApusCPUKernels
import ApusExpression

/// Where an operation finds an operand: floats one behind the other, one vector for each row of a chunk, or one vector
/// that stands for all.
struct ChainSlot {
  var pointer: UnsafeMutablePointer<Float>
  /// The floats from one vector to the next: `Wide.count`, or 0 where a vector stands for a row or for all.
  var step: Int
  /// What is added from one row to the next besides: `Wide.count` where each row has a vector, else 0.
  var rowStep = 0
}

/// The scratch memory of one thread, laid out for a plan.
struct ChainFrame {
  let plan: UnsafePointer<ChainPlan>
  /// One per input, scalar, register, and one for the result.
  let slots: UnsafeMutablePointer<ChainSlot>
  /// Where the next chunk's elements lie that are read or written in place: at most one place per input and output, and one
  /// for the result.
  let ahead: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// One vector per input, for those that are a single number.
  let splats: UnsafeMutablePointer<Float>
  /// One row per input, one per register, one for the result, the spare ones, then one more per register.
  let rows: UnsafeMutablePointer<Float>
  /// Whether periodic inputs were laid out for whole chunks.
  let repeatsPeriods: Bool

  /// Lays out the memory and sets every slot that stays the same from chunk to chunk.
  ///
  /// - Parameter rowsPerChunk: how many rows the chunks of this area hold.
  init(_ plan: UnsafePointer<ChainPlan>, _ area: ChainArea, rowsPerChunk: Int, _ scratch: UnsafeMutableRawPointer) {
    let p = plan.pointee
    self.plan = plan
    slots = scratch.assumingMemoryBound(to: ChainSlot.self)
    let slotBytes = ((p.resultSlot + 1) * MemoryLayout<ChainSlot>.stride + 63) & ~63
    let aheadBytes = ((p.inputCount + p.outputCount + 1) * 8 + 63) & ~63
    ahead = (scratch + slotBytes).assumingMemoryBound(to: UnsafeMutablePointer<Float>.self)
    splats = (scratch + slotBytes + aheadBytes).assumingMemoryBound(to: Float.self)
    rows = splats + p.inputCount * ChainPlan.lanes
    repeatsPeriods = rowsPerChunk > 1

    for index in 0..<p.scalarCount {
      slots[p.inputCount + index] = ChainSlot(pointer: p.scalars + index * ChainPlan.lanes, step: 0)
    }
    for index in 0..<p.registerCount {
      slots[p.inputCount + p.scalarCount + index] = ChainSlot(pointer: row(p.inputCount + index), step: Wide.count)
    }
    slots[p.resultSlot] = ChainSlot(pointer: resultRow, step: Wide.count)
    for index in 0..<p.inputCount {
      let operand = p.inputs[index]
      if operand.isScalar {
        splat(loadFloat(operand.base, 0, operand.element), index)
      } else if operand.isPeriodic, repeatsPeriods {
        let source = operand.base.assumingMemoryBound(to: Float.self) + area.firstColumn
        for repetition in 0..<rowsPerChunk {
          copyFloats(source, row(index) + repetition * area.columns, area.columns)
        }
        slots[index] = ChainSlot(pointer: row(index), step: Wide.count)
      }
    }
  }

  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { rows + index * plan.pointee.pitch }

  @inline(__always)
  var resultRow: UnsafeMutablePointer<Float> { row(plan.pointee.inputCount + plan.pointee.registerCount) }

  /// One of the rows that are nobody's slot.
  @inline(__always)
  func spareRow(_ index: Int) -> UnsafeMutablePointer<Float> {
    row(plan.pointee.inputCount + plan.pointee.registerCount + 1 + index)
  }

  /// Where a register is kept while it is the same all along a row: apart from its other row, because an operation that
  /// reads it may write that one.
  @inline(__always)
  func constantRow(_ register: Int) -> UnsafeMutablePointer<Float> {
    row(plan.pointee.inputCount + plan.pointee.registerCount + 1 + plan.pointee.spareRows + register)
  }

  /// Makes an input one number for the whole chunk.
  @inline(__always)
  func splat(_ value: Float, _ input: Int) {
    let splat = splats + input * ChainPlan.lanes
    Wide(splat: value).store(splat)
    slots[input] = ChainSlot(pointer: splat, step: 0)
  }
}

/// Some rows and columns of a plan's space, at most `chunk` elements.
struct ChainChunk {
  var row: Int
  var rows: Int
  var column: Int
  var columns: Int

  @inline(__always) var count: Int { rows * columns }
}

extension ChainArea {
  /// The chunks' shape in this area: whole rows, as many as fit, or a part of a row.
  @inline(__always)
  func chunkShape(_ plan: UnsafePointer<ChainPlan>) -> (rows: Int, columns: Int) {
    let chunk = plan.pointee.chunk
    if columns >= chunk { return (1, chunk) }
    return (max(1, min(rows, chunk / max(columns, 1))), columns)
  }

  /// Calls back for each chunk of some of the area's rows, in their order.
  @inline(__always)
  func forEachChunk(
    of rows: Range<Int>, _ plan: UnsafePointer<ChainPlan>, _ body: (_ chunk: ChainChunk) -> Void
  ) {
    let shape = chunkShape(plan)
    var row = rows.lowerBound
    while row < rows.upperBound {
      let count = min(shape.rows, rows.upperBound - row)
      var column = firstColumn
      while column < firstColumn + columns {
        let width = min(shape.columns, firstColumn + columns - column)
        body(ChainChunk(row: row, rows: count, column: column, columns: width))
        column += width
      }
      row += count
    }
  }
}
