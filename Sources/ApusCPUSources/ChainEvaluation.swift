import ApusCPUKernels
import ApusExpression

extension ChainFrame {
  /// Computes a chunk; the values are then in the slots that the plan's results name.
  ///
  /// - Parameter storesOutputs: whether they are stored next, so that the next chunk's places of the outputs are fetched.
  @inline(__always)
  func compute(
    _ chunk: ChainChunk, _ area: ChainArea, result: UnsafeMutablePointer<Float>, storesOutputs: Bool = false
  ) {
    slots[plan.pointee.resultSlot].pointer = result
    let isLast =
      chunk.row + chunk.rows == area.firstRow + area.rows
      && chunk.column + chunk.columns == area.firstColumn + area.columns
    var places = 0
    /// Notes where the next chunk goes on from a place in memory, unless that is known.
    func note(_ place: UnsafeMutablePointer<Float>) {
      for known in 0..<places where ahead[known] == place + chunk.count { return }
      ahead[places] = place + chunk.count
      places += 1
    }
    for index in 0..<plan.pointee.inputCount {
      let isInPlace = bind(index, chunk, area)
      if isInPlace, !isLast { note(slots[index].pointer) }
    }
    if result != resultRow, !isLast { note(result) }
    if storesOutputs, !isLast {
      for index in 0..<plan.pointee.outputCount {
        let output = plan.pointee.outputs[index]
        if !output.isStrip, let place = output.contiguous(chunk, area, plan) { note(place) }
      }
    }
    run(chunk, placesAhead: places)
  }
}

/// Evaluates a chain over an area and stores its outputs.
func evaluateChain(_ plan: UnsafePointer<ChainPlan>, _ area: ChainArea, _ scratch: UnsafeMutableRawPointer) {
  let shape = area.chunkShape(plan)
  let frame = ChainFrame(plan, area, rowsPerChunk: shape.rows, scratch)
  let output = plan.pointee.outputs[0]
  let computesResult = plan.pointee.outputCount == 1 && Int(plan.pointee.results[0]) == plan.pointee.resultSlot
  var row = area.firstRow
  while row < area.firstRow + area.rows {
    let rows = min(shape.rows, area.firstRow + area.rows - row)
    var column = area.firstColumn
    while column < area.firstColumn + area.columns {
      let columns = min(shape.columns, area.firstColumn + area.columns - column)
      let chunk = ChainChunk(row: row, rows: rows, column: column, columns: columns)
      // The last operation writes right to the output where that takes whole vectors.
      if computesResult, chunk.count % Wide.count == 0, let target = output.contiguous(chunk, area, plan) {
        frame.compute(chunk, area, result: target)
      } else {
        frame.compute(chunk, area, result: frame.resultRow, storesOutputs: true)
        for index in 0..<plan.pointee.outputCount {
          let slot = frame.slots[Int(plan.pointee.results[index])]
          frame.store(slot, plan.pointee.outputs[index], chunk, area)
        }
      }
      column += columns
    }
    row += rows
  }
}
