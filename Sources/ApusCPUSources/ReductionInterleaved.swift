import ApusCPUKernels
import ApusExpression

/// One segment of every element, where rows that belong to different elements follow one another: channels of images.
///
/// The chain is walked in the order of memory, and each row's values are added up in the lanes of vectors and then, in
/// double precision, to the total of the row's element.
func reduceInterleavedRows(_ p: ReductionPlan, _ segment: Int, _ scratch: UnsafeMutableRawPointer) {
  let share = p.share(segment, of: p.reducedRows, unit: 1)
  let area = ChainArea(
    firstRow: share.start * p.keptRows, rows: share.count * p.keptRows, firstColumn: 0,
    columns: p.chain.pointee.columns)
  let shape = area.chunkShape(p.chain)
  let frame = ChainFrame(p.chain, area, rowsPerChunk: shape.rows, scratch)
  let segmentTotals = p.totals + segment * p.resultCount * p.keptRows
  for index in 0..<p.resultCount * p.keptRows { segmentTotals[index] = p.isMaximum ? -.infinity : 0 }
  var row = area.firstRow
  while row < area.firstRow + area.rows {
    let rows = min(shape.rows, area.firstRow + area.rows - row)
    var column = 0
    while column < area.columns {
      let chunk = ChainChunk(row: row, rows: rows, column: column, columns: min(shape.columns, area.columns - column))
      frame.compute(chunk, area, result: frame.resultRow)
      for result in 0..<p.resultCount {
        var values = frame.values(result, chunk)
        let totals = segmentTotals + result * p.keptRows
        var element = row % p.keptRows
        for _ in 0..<rows {
          if p.isMaximum {
            totals[element] = Double(largest(Float(totals[element]), maximum(values, chunk.columns)))
          } else {
            totals[element] += Double(sum(values, chunk.columns))
          }
          values += chunk.columns
          element = element + 1 == p.keptRows ? 0 : element + 1
        }
      }
      column += chunk.columns
    }
    row += rows
  }
}

/// Joins the segments of interleaved rows, in order.
func combineInterleaved(_ p: ReductionPlan) {
  let count = p.resultCount * p.keptRows
  for segment in 1..<p.segments {
    let totals = p.totals + segment * count
    for index in 0..<count {
      if p.isMaximum {
        p.totals[index] = Double(largest(Float(p.totals[index]), Float(totals[index])))
      } else {
        p.totals[index] += totals[index]
      }
    }
  }
  for result in 0..<p.resultCount {
    let output = p.outputs[result]
    for index in 0..<p.keptRows { output[index] = Float(p.totals[result * p.keptRows + index]) }
  }
}
