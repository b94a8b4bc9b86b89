import ApusCPUKernels
import ApusExpression

/// Computes a range of a reduction's tasks.
func reduceTasks(
  _ plan: UnsafePointer<ReductionPlan>, _ tasks: Range<Int>, _ scratch: UnsafeMutableRawPointer
) {
  let p = plan.pointee
  if p.columnsAreKept {
    for task in tasks { accumulateColumns(p, task, scratch) }
  } else if p.interleavesRows {
    // Backwards, because what wrote the operands a moment ago ended with those at the end: they are in the cache still,
    // and what reads these operands next begins with those at the start.
    var task = tasks.upperBound
    while task > tasks.lowerBound {
      task -= 1
      reduceInterleavedRows(p, task, scratch)
    }
  } else if p.segments == 1, p.reducedRows == 1 {
    reduceRows(p, tasks, scratch)
  } else {
    for task in tasks { reduceLongRows(p, task, scratch) }
  }
}

/// Joins the segments of every element, in order.
func combineSegments(_ plan: UnsafePointer<ReductionPlan>) {
  let p = plan.pointee
  let count = p.elementCount
  if p.interleavesRows {
    combineInterleaved(p)
    return
  }
  for result in 0..<p.resultCount {
    let partials = p.partials + result * p.segments * count
    let output = p.outputs[result]
    for index in 0..<count {
      if p.isMaximum {
        var peak = partials[index]
        for segment in 1..<p.segments { peak = largest(peak, partials[segment * count + index]) }
        output[index] = peak
      } else {
        var sum = Double(partials[index])
        for segment in 1..<p.segments { sum += Double(partials[segment * count + index]) }
        output[index] = Float(sum)
      }
    }
  }
}

extension ReductionPlan {
  /// Where a segment's values of a result go.
  @inline(__always)
  func target(_ segment: Int, _ result: Int) -> UnsafeMutablePointer<Float> {
    segments == 1 ? outputs[result] : partials + (result * segments + segment) * elementCount
  }

  /// A segment's share of `count` things, in units of `unit`.
  @inline(__always)
  func share(_ segment: Int, of count: Int, unit: Int) -> (start: Int, count: Int) {
    let units = (count + unit - 1) / unit
    let start = min(segment * units / segments * unit, count)
    return (start, min((segment + 1) * units / segments * unit, count) - start)
  }
}

/// The larger of two, NaN if either is.
@inline(__always)
func largest(_ a: Float, _ b: Float) -> Float { b > a || b != b ? b : a }

/// The larger of two in each lane, NaN where either is.
@inline(__always)
func largest(_ a: Wide, _ b: Wide) -> Wide {
  Wide.select(Wide.equal(b, b), .max(a, b), b)
}

/// The numbers 0, 1, 2, …
@inline(__always)
func ramp() -> Wide { Wide(bits: .ramp | Wide.Words(0x4B00_0000)) - 0x1p23 }

/// The first `count` lanes, and another value in the others.
@inline(__always)
func firstLanes(_ value: Wide, _ count: Int, else other: Wide) -> Wide {
  Wide.select(Wide.less(ramp(), Wide(splat: Float(count))), value, other)
}
