import ApusCPUKernels
import ApusExpression

/// Adds up partial products in their order, so that the sum does not depend on who computed which.
func combinePartials(_ p: MatrixPartials) {
  let whole = p.columns / Wide.count * Wide.count
  for row in 0..<p.rows {
    let from = p.partials + row * p.rowStride
    let to = p.c + row * p.cRowStride
    var column = 0
    while column < whole {
      var sum = Wide.load(from + column)
      for part in 1..<max(p.count, 1) { sum = sum + Wide.load(from + part * p.stride + column) }
      if p.accumulates { sum = Wide.load(to + column) + sum }
      sum.store(to + column)
      column += Wide.count
    }
    while column < p.columns {
      var sum = from[column]
      for part in 1..<max(p.count, 1) { sum += from[part * p.stride + column] }
      to[column] = p.accumulates ? to[column] + sum : sum
      column += 1
    }
  }
}
