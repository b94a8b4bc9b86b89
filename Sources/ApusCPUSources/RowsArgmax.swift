import ApusCPUKernels
import ApusExpression

/// The position of each row's largest value: the first of equals, and the first NaN where there is one.
func argmaxRows(_ o: RowOperands, _ rows: Range<Int>) {
  let output = o.output.assumingMemoryBound(to: Int32.self)
  for row in rows {
    let values = o.logits + row * o.columns
    output[row] = Int32(truncatingIfNeeded: firstPosition(of: maximum(values, o.columns), values, o.columns))
  }
}

/// The first position that holds a value; NaN is found too.
@inline(__always)
private func firstPosition(of value: Float, _ values: UnsafePointer<Float>, _ count: Int) -> Int {
  var index = 0
  if value == value {
    let wanted = Wide(splat: value)
    while index + Wide.count <= count, !Wide.any(Wide.equal(Wide.load(values + index), wanted)) { index += Wide.count }
    while index < count - 1, values[index] != value { index += 1 }
  } else {
    while index + Wide.count <= count, !hasNaN(.load(values + index)) { index += Wide.count }
    while index < count - 1, values[index] == values[index] { index += 1 }
  }
  return index
}
