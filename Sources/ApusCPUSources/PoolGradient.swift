import ApusCPUKernels
import ApusExpression

/// Computes what reaches a range of planes before pooling. Sums are kept in a second ring of rows; a row is final, and
/// written, when the window has left it.
func poolGradientPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let elements = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let sums = PoolRows(plan: p, ring: elements.ring + p.windowRows * p.rowCount)
  let shares = sums.ring + p.windowRows * p.rowCount
  let window = shares + p.phaseCount
  fillShares(p, shares)
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
      let gradients = upstream + row * p.outputColumns
      var column = 0
      while column < p.outputColumns {
        let g = firstLanes(.load(gradients + column), p.outputColumns - column, else: 0)
        if p.isMaximum {
          addToLargest(p, elements, sums, first..<last, column, g, window)
        } else {
          addToAll(p, sums, first..<last, column, g * .load(shares + column) * Wide(splat: p.rowShare(first..<last)))
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

/// Adds a vector of gradients to every element under the window.
@inline(__always)
private func addToAll(_ p: PoolPlan, _ sums: PoolRows, _ rows: Range<Int>, _ column: Int, _ g: Wide) {
  for row in rows {
    for element in 0..<p.windowColumns {
      let sum = sums.elements(row, column: element) + column
      (Wide.load(sum) + g).store(sum)
    }
  }
}

/// Adds each gradient to the first largest element under its window.
@inline(__always)
private func addToLargest(
  _ p: PoolPlan, _ elements: PoolRows, _ sums: PoolRows, _ rows: Range<Int>, _ column: Int, _ g: Wide,
  _ window: UnsafeMutablePointer<Float>
) {
  let most = largest(p, elements, rows, column)
  // Where the largest is NaN or as small as padding, equality does not tell it.
  if Wide.any(Wide.less(Wide.select(Wide.less(Wide(-Double.infinity), most), 1, 0), 0.5)) {
    return addToLargestSingly(p, elements, sums, rows, column, g, window)
  }
  var rest = g
  for row in rows {
    for element in 0..<p.windowColumns {
      let isLargest = Wide.equal(Wide.load(elements.elements(row, column: element) + column), most)
      let sum = sums.elements(row, column: element) + column
      (Wide.load(sum) + Wide.select(isLargest, rest, 0)).store(sum)
      rest = Wide.select(isLargest, 0, rest)
    }
  }
}

/// The same position by position: the first of equals, and the first NaN where there is one; never padding.
private func addToLargestSingly(
  _ p: PoolPlan, _ elements: PoolRows, _ sums: PoolRows, _ rows: Range<Int>, _ column: Int, _ g: Wide,
  _ gradients: UnsafeMutablePointer<Float>
) {
  g.store(gradients)
  for lane in 0..<min(Wide.count, p.outputColumns - column) {
    let first = (column + lane) * p.columnStride - p.columnPadding
    var best = -Float.infinity
    var place: UnsafeMutablePointer<Float>?
    for row in rows {
      for element in max(0, -first)..<min(p.windowColumns, p.columns - first) {
        let value = elements.elements(row, column: element)[column + lane]
        if place == nil || value > best || (value != value && best == best) {
          best = value
          place = sums.elements(row, column: element) + column + lane
        }
      }
    }
    if let place { place.pointee += gradients[lane] }
  }
}
