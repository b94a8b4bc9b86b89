import ApusCPUKernels
import ApusExpression

/// What reaches the rows that the window covers, in a ring: for every column of the window the sums of all positions
/// apart, so that sums of different columns, which overlap, never wait for one another.
struct PoolSums {
  let plan: PoolPlan
  let ring: UnsafeMutablePointer<Float>

  /// The sums of a row of the input for the window's first column.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> {
    ring + (index & (plan.ringRows - 1)) * plan.sumCount + plan.sumLead
  }

  /// Zeros everywhere; those outside the positions stay.
  func prepare() { ring.update(repeating: 0, count: plan.ringRows * plan.sumCount) }

  /// Adds up what reaches each element of a row.
  @inline(__always)
  func join(_ index: Int, _ target: UnsafeMutablePointer<Float>, limit: UnsafeMutablePointer<Float>) {
    let sums = row(index)
    switch plan.columnStride {
    case 1:
      var column = 0
      while column < plan.columns {
        storeRow(total(sums, column, 0, step: 1), target + column, plan.columns - column, limit: limit)
        column += Wide.count
      }
    case 2:
      var column = 0
      while column < plan.columns {
        let even = total(sums, column / 2, 0, step: 2).vector
        let odd = total(sums, column / 2, 1, step: 2).vector
        var first = Wide.Vector()
        var second = Wide.Vector()
        first.evenHalf = even.lowHalf
        first.oddHalf = odd.lowHalf
        second.evenHalf = even.highHalf
        second.oddHalf = odd.highHalf
        storeRow(Wide(vector: first), target + column, plan.columns - column, limit: limit)
        if column + Wide.count < plan.columns {
          storeRow(
            Wide(vector: second), target + column + Wide.count, plan.columns - column - Wide.count, limit: limit)
        }
        column += 2 * Wide.count
      }
    default:
      target.update(repeating: 0, count: plan.columns)
      for element in 0..<plan.windowColumns {
        for position in 0..<plan.outputColumns {
          let column = position * plan.columnStride + element - plan.columnPadding
          if column >= 0, column < plan.columns { target[column] += sums[element * plan.sumPitch + position] }
        }
      }
    }
  }

  /// The sums of the columns `step · first + phase`, `step · (first + 1) + phase`, …
  @inline(__always)
  private func total(_ sums: UnsafeMutablePointer<Float>, _ first: Int, _ phase: Int, step: Int) -> Wide {
    // The column c lies under the window's column j at position (c + padding − j) / step.
    let reach = plan.columnPadding + phase
    var element = reach & (step - 1)
    var total: Wide = 0
    while element < plan.windowColumns {
      total = total + .load(sums + element * plan.sumPitch + first + (reach - element) / step)
      element += step
    }
    return total
  }
}
