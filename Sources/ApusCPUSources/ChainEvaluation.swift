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

extension ChainFrame {
  /// Evaluates the chain over some rows of an area and stores its outputs.
  func evaluateRows(_ rows: Range<Int>, _ area: ChainArea) {
    area.forEachChunk(of: rows, plan) { evaluate($0, area) }
  }

  /// Evaluates the chain over a chunk and stores its outputs.
  @inline(__always)
  func evaluate(_ chunk: ChainChunk, _ area: ChainArea) {
    // The last operation writes right to the output where that takes whole vectors.
    if plan.pointee.outputCount == 1, Int(plan.pointee.results[0]) == plan.pointee.resultSlot,
      chunk.count % Wide.count == 0, let target = plan.pointee.outputs[0].contiguous(chunk, area, plan)
    {
      compute(chunk, area, result: target)
      return
    }
    compute(chunk, area, result: resultRow, storesOutputs: true)
    for index in 0..<plan.pointee.outputCount {
      store(slots[Int(plan.pointee.results[index])], plan.pointee.outputs[index], chunk, area)
    }
  }
}

/// Evaluates a chain over an area and stores its outputs.
func evaluateChain(_ plan: UnsafePointer<ChainPlan>, _ area: ChainArea, _ scratch: UnsafeMutableRawPointer) {
  let frame = ChainFrame(plan, area, rowsPerChunk: area.chunkShape(plan).rows, scratch)
  frame.evaluateRows(area.firstRow..<area.firstRow + area.rows, area)
}
