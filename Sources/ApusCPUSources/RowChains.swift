import ApusCPUKernels
import ApusExpression

/// Takes a range of rows through all stages, block by block.
func computeRowChain(_ plan: UnsafePointer<RowChainPlan>, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
  let p = plan.pointee
  assert(MemoryLayout<ChainFrame>.stride <= RowChainPlan.frameByteCount, "frames overlap")
  // The frames first, then what each of them needs.
  let frames = scratch.assumingMemoryBound(to: ChainFrame.self)
  var place = scratch + p.stageCount * RowChainPlan.frameByteCount
  for index in 0..<p.stageCount {
    let stage = p.stages[index]
    let area = stage.area(rows)
    (frames + index).initialize(
      to: ChainFrame(stage.chain, area, rowsPerChunk: area.chunkShape(stage.chain).rows, place))
    place += stage.chain.pointee.scratchByteCount
  }
  var first = rows.lowerBound
  while first < rows.upperBound {
    let block = first..<min(first + p.blockRows, rows.upperBound)
    for index in 0..<p.stageCount {
      let stage = p.stages[index]
      let area = stage.area(rows)
      if let reduction = stage.reduction {
        frames[index].reduceRows(reduction.pointee, block, area)
      } else if stage.isOfRows {
        frames[index].evaluate(
          ChainChunk(row: 0, rows: 1, column: block.lowerBound, columns: block.count), area)
      } else {
        frames[index].evaluateRows(block, area)
      }
    }
    first = block.upperBound
  }
}

extension RowChainPlan.Stage {
  /// What the chain computes of some rows of the matrix.
  @inline(__always)
  func area(_ rows: Range<Int>) -> ChainArea {
    isOfRows
      ? ChainArea(firstRow: 0, rows: 1, firstColumn: rows.lowerBound, columns: rows.count)
      : ChainArea(firstRow: rows.lowerBound, rows: rows.count, firstColumn: 0, columns: chain.pointee.columns)
  }
}
