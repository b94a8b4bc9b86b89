import ApusCPUKernels
import ApusExpression

/// Reductions along the columns, one task per row.
func reduceRows(_ p: ReductionPlan, _ tasks: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let area = ChainArea(
    firstRow: tasks.lowerBound, rows: tasks.count, firstColumn: 0, columns: p.chain.pointee.columns)
  let frame = ChainFrame(p.chain, area, rowsPerChunk: area.chunkShape(p.chain).rows, scratch)
  frame.reduceRows(p, tasks, area)
}

extension ChainFrame {
  /// Reduces some rows of an area along all their columns: whole rows many to a chunk, or a row in several chunks.
  func reduceRows(_ p: ReductionPlan, _ rows: Range<Int>, _ area: ChainArea) {
    let shape = area.chunkShape(plan)
    guard shape.columns == area.columns else {
      for row in rows {
        let totals = totals(p, row..<row + 1, area)
        for result in 0..<p.resultCount { p.outputs[result][row] = Float(totals[result]) }
      }
      return
    }
    area.forEachChunk(of: rows, plan) { chunk in
      compute(chunk, area, result: resultRow)
      for result in 0..<p.resultCount {
        let values = values(result, chunk)
        let output = p.outputs[result] + chunk.row
        for index in 0..<chunk.rows {
          let first = values + index * chunk.columns
          output[index] = p.isMaximum ? maximum(first, chunk.columns) : sum(first, chunk.columns)
        }
      }
    }
  }
}

/// One segment of one element: some rows of the chain, or a part of a row.
func reduceLongRows(_ p: ReductionPlan, _ task: Int, _ scratch: UnsafeMutableRawPointer) {
  let kept = task / p.segments
  let segment = task % p.segments
  var area = ChainArea(
    firstRow: kept * p.reducedRows, rows: p.reducedRows, firstColumn: 0, columns: p.chain.pointee.columns)
  if p.reducedRows == 1 {
    (area.firstColumn, area.columns) = p.share(segment, of: area.columns, unit: 64)
  } else {
    let share = p.share(segment, of: p.reducedRows, unit: 1)
    area.firstRow += share.start
    area.rows = share.count
  }
  let frame = ChainFrame(p.chain, area, rowsPerChunk: area.chunkShape(p.chain).rows, scratch)
  let totals = frame.totals(p, area.firstRow..<area.firstRow + area.rows, area)
  for result in 0..<p.resultCount { p.target(segment, result)[kept] = Float(totals[result]) }
}

extension ChainFrame {
  /// One number for each result, of all elements of some rows of an area.
  func totals(_ p: ReductionPlan, _ rows: Range<Int>, _ area: ChainArea) -> UnsafeMutablePointer<Double> {
    let totals = UnsafeMutableRawPointer(spareRow(0)).assumingMemoryBound(to: Double.self)
    for result in 0..<p.resultCount { totals[result] = p.isMaximum ? -.infinity : 0 }
    area.forEachChunk(of: rows, plan) { chunk in
      compute(chunk, area, result: resultRow)
      for result in 0..<p.resultCount {
        let values = values(result, chunk)
        if p.isMaximum {
          totals[result] = Double(largest(Float(totals[result]), maximum(values, chunk.count)))
        } else {
          totals[result] += Double(sum(values, chunk.count))
        }
      }
    }
    return totals
  }
}

extension ChainFrame {
  /// The values of a result of a computed chunk one behind the other, until the next are asked for.
  @inline(__always)
  func values(_ result: Int, _ chunk: ChainChunk) -> UnsafeMutablePointer<Float> {
    let slot = slots[Int(plan.pointee.results[result])]
    if slot.step != 0 { return slot.pointer }
    if slot.rowStep != 0 {
      for row in 0..<chunk.rows {
        let value = Wide.load(slot.pointer + row * slot.rowStep)
        for vector in 0..<chunk.columns / Wide.count {
          value.store(resultRow + row * chunk.columns + vector * Wide.count)
        }
      }
      return resultRow
    }
    var index = 0
    while index < chunk.count {
      Wide.load(slot.pointer).store(resultRow + index)
      index += Wide.count
    }
    return resultRow
  }
}

/// The sum of a few thousand floats at most, in four interleaved vectors.
@inline(__always)
func sum(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
  var (a, b, c, d): (Wide, Wide, Wide, Wide) = (0, 0, 0, 0)
  var index = 0
  while index + 4 * Wide.count <= count {
    a = a + .load(values + index)
    b = b + .load(values + index + Wide.count)
    c = c + .load(values + index + 2 * Wide.count)
    d = d + .load(values + index + 3 * Wide.count)
    index += 4 * Wide.count
  }
  while index + Wide.count <= count {
    a = a + .load(values + index)
    index += Wide.count
  }
  if index < count { b = b + firstLanes(.load(values + index), count - index, else: 0) }
  return ((a + b) + (c + d)).sum
}

/// The largest of some floats, NaN if one is.
@inline(__always)
func maximum(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
  let least = Wide(-Double.infinity)
  var (a, b) = (least, least)
  var index = 0
  while index + 2 * Wide.count <= count {
    a = largest(a, .load(values + index))
    b = largest(b, .load(values + index + Wide.count))
    index += 2 * Wide.count
  }
  while index < count {
    a = largest(a, firstLanes(.load(values + index), count - index, else: least))
    index += Wide.count
  }
  a = largest(a, b)
  // The halving of lanes loses NaN.
  return hasNaN(a) ? Float.nan : a.maximum
}

@inline(__always)
func hasNaN(_ x: Wide) -> Bool { Wide.any(Wide.less(Wide.select(Wide.equal(x, x), 1, 0), 0.5)) }
