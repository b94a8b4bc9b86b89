import ApusCPUKernels
import ApusExpression

/// Pools a range of planes.
func poolPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let ring = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let shares = ring.ring + p.windowRows * p.rowCount
  fillShares(p, shares)
  let padding = p.isMaximum ? -Float.infinity : 0
  ring.prepare(padding: padding)
  let outputPlane = p.outputRows * p.outputColumns
  let limit = o.output + planes.upperBound * outputPlane
  for plane in planes {
    let input = o.input + plane * p.rows * p.columns
    var next = 0
    for row in 0..<p.outputRows {
      let (first, last) = p.rows(under: row)
      next = max(next, first)
      while next < last {
        ring.split(input + next * p.columns, next, padding: padding)
        next += 1
      }
      let target = o.output + plane * outputPlane + row * p.outputColumns
      var column = 0
      while column < p.outputColumns {
        let value =
          p.isMaximum
          ? largest(p, ring, first..<last, column)
          : mean(p, ring, first..<last, column, .load(shares + column))
        storeRow(value, target + column, p.outputColumns - column, limit: limit)
        column += Wide.count
      }
    }
  }
}

extension PoolPlan {
  /// The rows of the input under a row of the output.
  @inline(__always)
  func rows(under row: Int) -> (first: Int, last: Int) {
    let first = row * rowStride - rowPadding
    return (max(first, 0), min(first + windowRows, rows))
  }
}

/// For every column of the output, one over how many of the window's columns count.
func fillShares(_ p: PoolPlan, _ shares: UnsafeMutablePointer<Float>) {
  for column in 0..<p.phaseCount {
    let first = column * p.columnStride - p.columnPadding
    let inside = min(first + p.windowColumns, p.columns) - max(first, 0)
    shares[column] = 1 / Float(p.countsPadding ? p.windowColumns : max(inside, 1))
  }
}

/// The largest element under each of a vector's positions, NaN where one is.
@inline(__always)
func largest(_ p: PoolPlan, _ ring: PoolRows, _ rows: Range<Int>, _ column: Int) -> Wide {
  var result = Wide(-Double.infinity)
  for row in rows {
    for element in 0..<p.windowColumns {
      result = largest(result, Wide.load(ring.elements(row, column: element) + column))
    }
  }
  return result
}

/// The mean under each of a vector's positions.
@inline(__always)
private func mean(_ p: PoolPlan, _ ring: PoolRows, _ rows: Range<Int>, _ column: Int, _ shares: Wide) -> Wide {
  var sum: Wide = 0
  for row in rows {
    for element in 0..<p.windowColumns { sum = sum + .load(ring.elements(row, column: element) + column) }
  }
  return sum * shares * Wide(splat: p.rowShare(rows))
}

extension PoolPlan {
  /// One over how many of the window's rows count.
  @inline(__always)
  func rowShare(_ inside: Range<Int>) -> Float { 1 / Float(countsPadding ? windowRows : max(inside.count, 1)) }
}
