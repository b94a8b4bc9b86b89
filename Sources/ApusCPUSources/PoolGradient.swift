import ApusCPUKernels
import ApusExpression

/// Computes what reaches a range of planes before pooling. Sums are kept in a second ring of rows; a row is final, and
/// written, when the window has left it.
func poolGradientPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let elements = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let sums = PoolRows(plan: p, ring: elements.ring + p.windowRows * p.rowCount)
  let shares = sums.ring + p.windowRows * p.rowCount
  let vector = shares + p.phaseCount
  var window = PoolWindow(p, vector + ChainPlan.lanes)
  if !p.isMaximum { p.fillShares(shares) }
  elements.prepare(padding: -.infinity)
  let plane = p.rows * p.columns
  let limit = o.gradient + planes.upperBound * plane
  for index in planes {
    let input = o.input + index * plane
    let upstream = UnsafePointer(o.output) + index * p.outputRows * p.outputColumns
    let target = o.gradient + index * plane
    var next = 0
    var written = 0
    for row in 0..<p.outputRows {
      let (first, last) = p.rows(under: row)
      write(p, sums, &written, first, entered: next, target, limit)
      next = max(next, first)
      while next < last {
        if p.isMaximum { elements.split(input + next * p.columns, next, padding: -.infinity) }
        sums.row(next).update(repeating: 0, count: p.rowCount)
        next += 1
      }
      window.move(elements, sums, first, last)
      let gradients = upstream + row * p.outputColumns
      var column = 0
      while column < p.outputColumns {
        let g = firstLanes(.load(gradients + column), p.outputColumns - column, else: 0)
        if p.isMaximum {
          addToLargest(p, window, column, g, vector)
        } else {
          window.add(g * .load(shares + column) * Wide(splat: p.rowShare(window.rowCount)), column)
        }
        column += Wide.count
      }
    }
    write(p, sums, &written, p.rows, entered: next, target, limit)
  }
}

/// Writes the rows up to one that is not final; those that the window has never covered are zero.
@inline(__always)
private func write(
  _ p: PoolPlan, _ sums: PoolRows, _ written: inout Int, _ end: Int, entered: Int,
  _ target: UnsafeMutablePointer<Float>, _ limit: UnsafeMutablePointer<Float>
) {
  while written < end {
    let row = target + written * p.columns
    if written < entered {
      sums.join(written, row, limit: limit)
    } else {
      row.update(repeating: 0, count: p.columns)
    }
    written += 1
  }
}

/// Adds each gradient to the first largest element under its window.
@inline(__always)
private func addToLargest(
  _ p: PoolPlan, _ window: PoolWindow, _ column: Int, _ g: Wide, _ vector: UnsafeMutablePointer<Float>
) {
  let most = window.largest(column)
  // Where the largest is NaN or as small as padding, equality does not tell it.
  if Wide.any(Wide.less(Wide.select(Wide.less(Wide(-Double.infinity), most), 1, 0), 0.5)) {
    g.store(vector)
    return addToLargestSingly(p, window, column, vector)
  }
  window.add(g, toFirst: most, column)
}

/// The same position by position: the first of equals, and the first NaN where there is one; never padding.
private func addToLargestSingly(
  _ p: PoolPlan, _ window: PoolWindow, _ column: Int, _ gradients: UnsafeMutablePointer<Float>
) {
  for lane in 0..<min(Wide.count, p.outputColumns - column) {
    let first = (column + lane) * p.columnStride - p.columnPadding
    var best = -Float.infinity
    var place: UnsafeMutablePointer<Float>?
    for row in 0..<window.rowCount {
      for element in max(0, -first)..<min(p.windowColumns, p.columns - first) {
        let offset = window.columns[element] + column + lane
        let value = window.rows[row][offset]
        if place == nil || value > best || (value != value && best == best) {
          best = value
          place = window.sums[row] + offset
        }
      }
    }
    if let place { place.pointee += gradients[lane] }
  }
}
