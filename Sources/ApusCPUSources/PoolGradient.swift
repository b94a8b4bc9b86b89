import ApusCPUKernels
import ApusExpression

/// Computes what reaches a range of planes before pooling. A row is final, and written, when the window has left it.
func poolGradientPlanes(_ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let elements = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
  let sums = PoolSums(plan: p, ring: elements.ring + p.ringRows * p.rowCount)
  let shares = sums.ring + p.ringRows * p.sumCount
  var window = PoolWindow(p, shares + p.phaseCount)
  if !p.isMaximum { p.fillShares(shares) }
  elements.prepare(padding: -.infinity)
  sums.prepare()
  let plane = p.rows * p.columns
  let limit = o.gradient + planes.upperBound * plane
  for index in planes {
    let input = o.input + index * plane
    let upstream = UnsafePointer(o.output) + index * p.outputRows * p.outputColumns
    let target = o.gradient + index * plane
    let isFinite = p.isMaximum && isFinite(input, plane)
    var next = 0
    var written = 0
    for row in 0..<p.outputRows {
      let (first, last) = p.rows(under: row)
      write(p, sums, &written, first, entered: next, target, limit)
      window.move(elements, sums, first, last, next: next)
      next = max(next, first)
      while next < last {
        if p.isMaximum { elements.split(input + next * p.columns, next, padding: -.infinity) }
        next += 1
      }
      let gradients = upstream + row * p.outputColumns
      if isFinite {
        addToLargestRow(window, gradients, p.outputColumns)
      } else if p.isMaximum {
        addToLargestSingly(p, window, gradients)
      } else {
        addToAllRow(p, window, gradients, shares)
      }
    }
    write(p, sums, &written, p.rows, entered: next, target, limit)
  }
}

/// Writes the rows up to one that is not final; those that the window has never covered are zero.
@inline(__always)
private func write(
  _ p: PoolPlan, _ sums: PoolSums, _ written: inout Int, _ end: Int, entered: Int,
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

/// Adds each gradient's share to all elements under its window.
@inline(never)
private func addToAllRow(
  _ p: PoolPlan, _ window: PoolWindow, _ gradients: UnsafePointer<Float>, _ shares: UnsafePointer<Float>
) {
  let rowShare = Wide(splat: p.rowShare(window.rowCount))
  var column = 0
  while column < p.outputColumns {
    let g = firstLanes(.load(gradients + column), p.outputColumns - column, else: 0)
    let share = g * .load(shares + column) * rowShare
    for row in 0..<window.rowCount {
      for index in 0..<window.columnCount {
        let sum = window.sums[row] + window.sumColumns[index] + column
        (row < window.oldRows ? Wide.load(sum) + share : share).store(sum)
      }
    }
    column += Wide.count
  }
}

/// Adds each gradient to the first largest element under its window, where all elements are finite.
@inline(__always)
private func addToLargestRow(_ window: PoolWindow, _ gradients: UnsafePointer<Float>, _ count: Int) {
  if window.rowCount == 2, window.columnCount == 2 {
    addToLargestRow(TwoByTwo(), window, gradients, count)
  } else if window.rowCount == 3, window.columnCount == 3 {
    addToLargestRow(ThreeByThree(), window, gradients, count)
  } else {
    addToLargestRow(
      AnyExtent(rows: window.rowCount, columns: window.columnCount), window, gradients, count)
  }
}

@inline(never)
private func addToLargestRow<Extent: PoolExtent>(
  _ extent: Extent, _ window: PoolWindow, _ gradients: UnsafePointer<Float>, _ count: Int
) {
  var column = 0
  while column < count {
    let g = firstLanes(.load(gradients + column), count - column, else: 0)
    var most = Wide(-Double.infinity)
    for row in 0..<extent.rows {
      let elements = window.rows[row] + column
      var rowMost = Wide.load(elements + window.columns[0])
      for index in 1..<extent.columns {
        rowMost = .max(rowMost, .load(elements + window.columns[index]))
      }
      most = .max(most, rowMost)
    }
    var rest = g
    for row in 0..<extent.rows {
      let elements = window.rows[row] + column
      let sums = window.sums[row] + column
      for index in 0..<extent.columns {
        let isLargest = Wide.equal(.load(elements + window.columns[index]), most)
        let value = Wide.select(isLargest, rest, 0)
        let sum = sums + window.sumColumns[index]
        (row < window.oldRows ? Wide.load(sum) + value : value).store(sum)
        rest = Wide.select(isLargest, 0, rest)
      }
    }
    column += Wide.count
  }
}

/// Whether some floats are all finite; those that a vector holds behind them count too.
private func isFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
  var zeros: Wide = 0
  var index = 0
  while index < count {
    zeros = .multiplyAdd(.load(values + index), 0, zeros)
    index += Wide.count
  }
  return !hasNaN(zeros)
}

/// The same position by position: the first of equals, and the first NaN where there is one; never padding.
@inline(never)
private func addToLargestSingly(_ p: PoolPlan, _ window: PoolWindow, _ gradients: UnsafePointer<Float>) {
  for row in window.oldRows..<max(window.oldRows, window.rowCount) {
    for index in 0..<window.columnCount {
      (window.sums[row] + window.sumColumns[index]).update(repeating: 0, count: p.outputColumns)
    }
  }
  for position in 0..<p.outputColumns {
    let first = position * p.columnStride - p.columnPadding
    var best = -Float.infinity
    var place: UnsafeMutablePointer<Float>?
    for row in 0..<window.rowCount {
      for element in max(0, -first)..<min(p.windowColumns, p.columns - first) {
        let value = window.rows[row][window.columns[element] + position]
        if place == nil || value > best || (value != value && best == best) {
          best = value
          place = window.sums[row] + window.sumColumns[element] + position
        }
      }
    }
    if let place { place.pointee += gradients[position] }
  }
}
