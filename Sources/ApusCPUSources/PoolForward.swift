import ApusCPUKernels
import ApusExpression

/// Pools a range of planes.
func poolPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let ring = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let shares = ring.ring + p.windowRows * p.rowCount
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
      window.move(ring, ring, first, last)
      let target = o.output + plane * outputPlane + row * p.outputColumns
      var column = 0
      while column < p.outputColumns {
        let value =
          p.isMaximum
          ? window.largest(column)
          : window.sum(column) * .load(shares + column) * Wide(splat: p.rowShare(window.rowCount))
        storeRow(value, target + column, p.outputColumns - column, limit: limit)
        column += Wide.count
      }
    }
  }
}
