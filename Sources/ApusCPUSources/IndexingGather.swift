import ApusCPUKernels

/// Copies a range of rows, each the table's row that its index names or the nearest.
func gatherRows(_ o: GatherOperands, _ rows: Range<Int>) {
  let last = o.tableRows - 1
  switch o.rowByteCount {
  case 4 where o.rowByteStride == 4: gatherElements(o, rows, UInt32.self)
  case 1 where o.rowByteStride == 1: gatherElements(o, rows, UInt8.self)
  default:
    for row in rows {
      let source = min(max(Int(o.indices[row]), 0), last)
      (o.output + row * o.rowByteCount).copyMemory(
        from: o.table + source * o.rowByteStride, byteCount: o.rowByteCount)
    }
  }
}

@inline(__always)
private func gatherElements<Element>(_ o: GatherOperands, _ rows: Range<Int>, _ type: Element.Type) {
  let table = o.table.assumingMemoryBound(to: Element.self)
  let output = o.output.assumingMemoryBound(to: Element.self)
  for row in rows { output[row] = table[min(max(Int(o.indices[row]), 0), o.tableRows - 1)] }
}
