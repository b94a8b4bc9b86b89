import ApusCPUKernels
import ApusExpression

/// Sums into a range of the table's rows. Every range looks at all indices in their order, so the sums do not
/// depend on how the table is cut.
func scatterAddRows(_ o: ScatterOperands, _ tableRows: Range<Int>) {
  let first = o.output + tableRows.lowerBound * o.columns
  first.update(repeating: 0, count: tableRows.count * o.columns)
  for row in 0..<o.rows {
    let target = Int(o.indices[row])
    guard target >= tableRows.lowerBound, target < tableRows.upperBound else { continue }
    let sum = o.output + target * o.columns
    let values = o.values + row * o.columns
    var column = 0
    while column + Wide.count <= o.columns {
      (Wide.load(sum + column) + .load(values + column)).store(sum + column)
      column += Wide.count
    }
    while column < o.columns {
      sum[column] += values[column]
      column += 1
    }
  }
}
