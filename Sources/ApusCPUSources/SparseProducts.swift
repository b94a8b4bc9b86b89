import ApusCPUKernels
import ApusExpression

/// Computes a range of the product's rows: four vectors of columns at a time stay in registers.
func multiplySparseRows(_ o: SparseProductOperands, _ rows: Range<Int>) {
  for row in rows {
    let columns = o.columns + row * o.length
    let values = o.values + row * o.length
    let count = entryCount(columns, o.length)
    let target = o.output + row * o.width
    if o.width == 1 {
      var sum: Float = 0
      for entry in 0..<count { sum += values[entry] * o.dense[tableRow(o, columns[entry])] }
      target.pointee = sum
      continue
    }
    var first = 0
    while first + 4 * Wide.count <= o.width {
      var (a, b, c, d): (Wide, Wide, Wide, Wide) = (0, 0, 0, 0)
      for entry in 0..<count {
        let value = Wide(splat: values[entry])
        let dense = o.dense + tableRow(o, columns[entry]) * o.width + first
        a = .multiplyAdd(value, .load(dense), a)
        b = .multiplyAdd(value, .load(dense + Wide.count), b)
        c = .multiplyAdd(value, .load(dense + 2 * Wide.count), c)
        d = .multiplyAdd(value, .load(dense + 3 * Wide.count), d)
      }
      a.store(target + first)
      b.store(target + first + Wide.count)
      c.store(target + first + 2 * Wide.count)
      d.store(target + first + 3 * Wide.count)
      first += 4 * Wide.count
    }
    while first < o.width {
      var sum: Wide = 0
      for entry in 0..<count {
        sum = .multiplyAdd(
          Wide(splat: values[entry]), .load(o.dense + tableRow(o, columns[entry]) * o.width + first), sum)
      }
      storeRow(sum, target + first, o.width - first, limit: target + o.width)
      first += Wide.count
    }
  }
}

/// Sums a part of the table's gradient, some rows and some columns of it, in the order of the entries. Every part
/// looks at all entries, so the sums do not depend on how the table is cut.
func sumSparseProductGradient(_ o: SparseProductOperands, _ tableRows: Range<Int>, _ part: Range<Int>) {
  for row in tableRows {
    (o.output + row * o.width + part.lowerBound).update(repeating: 0, count: part.count)
  }
  for row in 0..<o.rows {
    let columns = o.columns + row * o.length
    let values = o.values + row * o.length
    let upstream = o.dense + row * o.width
    for entry in 0..<o.length {
      if columns[entry] < 0 { break }
      let target = tableRow(o, columns[entry])
      guard target >= tableRows.lowerBound, target < tableRows.upperBound else { continue }
      let sums = o.output + target * o.width
      let value = Wide(splat: values[entry])
      var column = part.lowerBound
      while column + Wide.count <= part.upperBound {
        Wide.multiplyAdd(value, .load(upstream + column), .load(sums + column)).store(sums + column)
        column += Wide.count
      }
      if column < part.upperBound {
        // By the vector too, so that every column is computed alike.
        storeRow(
          .multiplyAdd(value, .load(upstream + column), .load(sums + column)), sums + column,
          part.upperBound - column, limit: sums + column)
      }
    }
  }
}

/// The entries before the first negative column.
@inline(__always)
private func entryCount(_ columns: UnsafePointer<Int32>, _ length: Int) -> Int {
  var count = 0
  while count < length, columns[count] >= 0 { count += 1 }
  return count
}

/// The table's row that a column names, or the last.
@inline(__always)
private func tableRow(_ o: SparseProductOperands, _ column: Int32) -> Int { min(Int(column), o.tableRows - 1) }
