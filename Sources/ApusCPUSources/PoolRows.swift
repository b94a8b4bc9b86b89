import ApusCPUKernels
import ApusExpression

/// The rows of a plane that the window covers at the moment, taken apart by phase, in a ring.
struct PoolRows {
  let plan: PoolPlan
  let ring: UnsafeMutablePointer<Float>

  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { ring + (index & (plan.ringRows - 1)) * plan.rowCount }

  /// Fills the left padding of all rows, which stays, and everything else with zeros.
  func prepare(padding: Float) {
    ring.update(repeating: 0, count: plan.ringRows * plan.rowCount)
    for index in 0..<plan.ringRows {
      for column in 0..<plan.columnPadding { element(row(index), column).pointee = padding }
    }
  }

  /// Takes a row of the input apart. What is read past the row's end is overwritten where it matters.
  @inline(__always)
  func split(_ source: UnsafePointer<Float>, _ index: Int, padding: Float) {
    let target = row(index)
    let (columns, start) = (plan.columns, plan.columnPadding)
    switch plan.columnStride {
    case 1:
      copyFloats(source, target + start, columns)
    case 2:
      let even = target + (start & 1) * plan.phaseCount + start / 2
      let odd = target + ((start + 1) & 1) * plan.phaseCount + (start + 1) / 2
      var column = 0
      while column < columns {
        let a = Wide.load(source + column).vector
        let b = column + Wide.count < columns ? Wide.load(source + column + Wide.count).vector : a
        Wide(vector: Wide.Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf)).store(even + column / 2)
        Wide(vector: Wide.Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)).store(odd + column / 2)
        column += 2 * Wide.count
      }
    default:
      for column in 0..<columns { element(target, start + column).pointee = source[column] }
    }
    for column in start + columns..<start + columns + start { element(target, column).pointee = padding }
  }

  /// A column of the padded row.
  @inline(__always)
  private func element(_ row: UnsafeMutablePointer<Float>, _ column: Int) -> UnsafeMutablePointer<Float> {
    row + column % plan.columnStride * plan.phaseCount + column / plan.columnStride
  }
}

/// Stores the first lanes of a vector; all of them where they end before `limit`, because what is behind them is
/// written later.
@inline(__always)
func storeRow(
  _ vector: Wide, _ target: UnsafeMutablePointer<Float>, _ count: Int, limit: UnsafeMutablePointer<Float>
) {
  if target + Wide.count <= limit {
    vector.store(target)
  } else {
    for lane in 0..<min(count, Wide.count) { target[lane] = vector.vector[lane] }
  }
}
