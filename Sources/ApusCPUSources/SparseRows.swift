import ApusCPUKernels
import ApusExpression

/// Copies a range of picked rows and pads each.
func copySparseRows(_ o: SparseRowOperands, _ rows: Range<Int>) {
  for row in rows {
    let pick = min(max(Int(o.picks[row]), 0), o.tableRows - 1)
    let first = min(max(Int(o.starts[pick]), 0), o.entryCount)
    let count = min(max(min(Int(o.starts[pick + 1]), o.entryCount) - first, 0), o.length)
    switch o.element {
    case .float32:
      let target = o.output.assumingMemoryBound(to: Float.self) + row * o.length
      let source = o.entries.assumingMemoryBound(to: Float.self) + first
      for index in 0..<count { target[index] = source[index] }
      (target + count).update(repeating: 0, count: o.length - count)
    case .int32:
      let target = o.output.assumingMemoryBound(to: Int32.self) + row * o.length
      let source = o.entries.assumingMemoryBound(to: Int32.self) + first
      for index in 0..<count { target[index] = source[index] }
      for index in count..<o.length { target[index] = -1 }
    case .uint8:
      let target = o.output.assumingMemoryBound(to: Float.self) + row * o.length
      let source = o.entries.assumingMemoryBound(to: UInt8.self) + first
      for index in 0..<count { target[index] = Float(source[index]) }
      (target + count).update(repeating: 0, count: o.length - count)
    }
  }
}
