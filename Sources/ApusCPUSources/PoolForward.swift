import ApusCPUKernels
import ApusExpression

/// Pools a range of planes.
func poolPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let ring = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let shares = ring.ring + p.ringRows * p.rowCount
  var window = PoolWindow(p, shares + p.phaseCount)
  if !p.isMaximum { p.fillShares(shares) }
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
      window.move(ring, first, last)
      let target = o.output + plane * outputPlane + row * p.outputColumns
      if p.isMaximum {
        largestRow(p, window, target, limit)
      } else {
        meanRow(p, window, shares, target, limit)
      }
    }
  }
}

/// A row of the largest elements.
@inline(__always)
private func largestRow(
  _ p: PoolPlan, _ window: PoolWindow, _ target: UnsafeMutablePointer<Float>, _ limit: UnsafeMutablePointer<Float>
) {
  if window.rowCount == 2, window.columnCount == 2 {
    largestRow(TwoByTwo(), window, p.outputColumns, target, limit)
  } else if window.rowCount == 3, window.columnCount == 3 {
    largestRow(ThreeByThree(), window, p.outputColumns, target, limit)
  } else {
    largestRow(
      AnyExtent(rows: window.rowCount, columns: window.columnCount), window, p.outputColumns, target, limit)
  }
}

@inline(never)
private func largestRow<Extent: PoolExtent>(
  _ extent: Extent, _ window: PoolWindow, _ count: Int, _ target: UnsafeMutablePointer<Float>,
  _ limit: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < count {
    var most = Wide(-Double.infinity)
    for row in 0..<extent.rows {
      // Rows by themselves first, so that comparisons wait less for one another. Written out, because as a function it
      // would be called: NaN stays, and replaces everything else.
      let elements = window.rows[row] + column
      var rowMost = Wide.load(elements + window.columns[0])
      for index in 1..<extent.columns {
        let element = Wide.load(elements + window.columns[index])
        rowMost = Wide.select(
          Wide.lessOrEqual(element, rowMost), rowMost, Wide.select(Wide.equal(rowMost, rowMost), element, rowMost))
      }
      most = Wide.select(
        Wide.lessOrEqual(rowMost, most), most, Wide.select(Wide.equal(most, most), rowMost, most))
    }
    storeRow(most, target + column, count - column, limit: limit)
    column += Wide.count
  }
}

/// A row of means.
@inline(never)
private func meanRow(
  _ p: PoolPlan, _ window: PoolWindow, _ shares: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
  _ limit: UnsafeMutablePointer<Float>
) {
  let rowShare = Wide(splat: p.rowShare(window.rowCount))
  var column = 0
  while column < p.outputColumns {
    var sum: Wide = 0
    for row in 0..<window.rowCount {
      let elements = window.rows[row] + column
      for index in 0..<window.columnCount { sum = sum + .load(elements + window.columns[index]) }
    }
    storeRow(sum * .load(shares + column) * rowShare, target + column, p.outputColumns - column, limit: limit)
    column += Wide.count
  }
}
