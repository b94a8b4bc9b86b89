import ApusCPUKernels
import ApusExpression

/// The rows that are added up before their sum is added to the next level's.
private let rowsPerLevel = 64

/// The rows that are read side by side where they lie: few, since rows a power of two apart share a cache set.
private let rowsInPlace = 8

/// Reductions over rows, columns kept: one task is a piece of the columns of one kept row, over one segment.
///
/// Sums have three levels, each of at most 64 terms up to 64³ rows, so that errors do not grow with the rows.
func accumulateColumns(_ p: ReductionPlan, _ task: Int, _ scratch: UnsafeMutableRawPointer) {
  let segment = task % p.segments
  let piece = task / p.segments % p.columnPieces
  let kept = task / p.segments / p.columnPieces
  let chain = p.chain.pointee
  let share = p.share(segment, of: p.reducedRows, unit: 1)
  let firstColumn = piece * chain.chunk
  let area = ChainArea(
    firstRow: kept * p.reducedRows + share.start, rows: share.count, firstColumn: firstColumn,
    columns: min(chain.chunk, chain.columns - firstColumn))
  let shape = area.chunkShape(p.chain)
  let frame = ChainFrame(p.chain, area, rowsPerChunk: shape.rows, scratch)
  // Each result has three levels in spare rows.
  let start: Wide = p.isMaximum ? Wide(-Double.infinity) : 0
  for row in 0..<3 * p.resultCount { fill(frame.spareRow(row), start, area.columns) }

  var rowsInFirst = 0
  var rowsInSecond = 0
  var row = area.firstRow
  let end = area.firstRow + area.rows
  let readsInPlace = frame.readsInPlace(p.resultCount)
  while row < end {
    var chunk = ChainChunk(
      row: row, rows: min(shape.rows, end - row, rowsPerLevel - rowsInFirst), column: firstColumn,
      columns: area.columns)
    let last = chain.rowAxes - 1
    if readsInPlace {
      // Nothing is computed: rows are read where they lie, up to where the last row axis starts anew.
      let extent = chain.rowExtents[last]
      chunk.rows = min(end - row, rowsInPlace, rowsPerLevel - rowsInFirst, extent - row % extent)
    } else {
      frame.compute(chunk, area, result: frame.resultRow)
    }
    rowsInFirst += chunk.rows
    let fillsFirst = rowsInFirst == rowsPerLevel
    let fillsSecond = fillsFirst && rowsInSecond + 1 == rowsPerLevel
    for result in 0..<p.resultCount {
      var rows = AccumulatedRows(
        first: frame.resultRow, stride: chunk.columns, count: chunk.rows, columns: chunk.columns)
      if readsInPlace {
        let operand = chain.inputs[Int(chain.results[result])]
        rows.first = operand.base.assumingMemoryBound(to: Float.self) + operand.offset(row: row, p.chain) + firstColumn
        rows.stride = operand.rowStrides[last]
      } else {
        rows.first = frame.values(result, chunk)
      }
      let level = frame.spareRow(3 * result)
      if p.isMaximum {
        accumulate(rows, level) { largest($0, $1) }
      } else {
        accumulate(rows, level) { $0 + $1 }
        if fillsFirst { raise(level, frame.spareRow(3 * result + 1), area.columns) }
        if fillsSecond { raise(frame.spareRow(3 * result + 1), frame.spareRow(3 * result + 2), area.columns) }
      }
    }
    if fillsFirst {
      rowsInFirst = 0
      rowsInSecond = fillsSecond ? 0 : rowsInSecond + 1
    }
    row += chunk.rows
  }
  for result in 0..<p.resultCount {
    let levels = (frame.spareRow(3 * result), frame.spareRow(3 * result + 1), frame.spareRow(3 * result + 2))
    if !p.isMaximum {
      raise(levels.0, levels.1, area.columns)
      raise(levels.1, levels.2, area.columns)
    }
    let total = p.isMaximum ? levels.0 : levels.2
    let target = p.target(segment, result) + kept * chain.columns + firstColumn
    for column in 0..<area.columns { target[column] = total[column] }
  }
}

@inline(__always)
private func fill(_ target: UnsafeMutablePointer<Float>, _ value: Wide, _ count: Int) {
  var index = 0
  while index < count {
    value.store(target + index)
    index += Wide.count
  }
}

/// Adds a level to the next and empties it.
@inline(__always)
private func raise(_ source: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
  var index = 0
  while index < count {
    (Wide.load(target + index) + .load(source + index)).store(target + index)
    Wide(0).store(source + index)
    index += Wide.count
  }
}

/// Rows of floats that are joined into an accumulator.
private struct AccumulatedRows {
  var first: UnsafeMutablePointer<Float>
  /// The floats from one row to the next.
  var stride: Int
  var count: Int
  var columns: Int
}

extension ChainFrame {
  /// Whether each of the results is an input whose rows are contiguous floats.
  fileprivate func readsInPlace(_ resultCount: Int) -> Bool {
    for position in 0..<resultCount {
      let result = Int(plan.pointee.results[position])
      guard result < plan.pointee.inputCount else { return false }
      let operand = plan.pointee.inputs[result]
      guard operand.element.isFloat, operand.columnStride == 1, !operand.isScalar else { return false }
    }
    return true
  }
}

/// Joins rows into an accumulator, four vectors of columns at a time.
@inline(__always)
private func accumulate(
  _ rows: AccumulatedRows, _ target: UnsafeMutablePointer<Float>, _ join: (Wide, Wide) -> Wide
) {
  var column = 0
  while column + 3 * Wide.count < rows.columns {
    var a = Wide.load(target + column)
    var b = Wide.load(target + column + Wide.count)
    var c = Wide.load(target + column + 2 * Wide.count)
    var d = Wide.load(target + column + 3 * Wide.count)
    var source = rows.first + column
    for _ in 0..<rows.count {
      a = join(a, .load(source))
      b = join(b, .load(source + Wide.count))
      c = join(c, .load(source + 2 * Wide.count))
      d = join(d, .load(source + 3 * Wide.count))
      source += rows.stride
    }
    a.store(target + column)
    b.store(target + column + Wide.count)
    c.store(target + column + 2 * Wide.count)
    d.store(target + column + 3 * Wide.count)
    column += 4 * Wide.count
  }
  while column < rows.columns {
    var a = Wide.load(target + column)
    var source = rows.first + column
    for _ in 0..<rows.count {
      a = join(a, .load(source))
      source += rows.stride
    }
    a.store(target + column)
    column += Wide.count
  }
}
