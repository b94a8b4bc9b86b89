import ApusCPUKernels

/// A stretch of the summation for some batch entries: first what has to be packed is, then all of C is visited.
struct MatrixPass {
  let plan: MatrixPlan
  let kernels: MatrixKernels
  let operands: MatrixProduct.Operands
  let scratch: UnsafeMutablePointer<Float>
  let entries: Range<Int>
  let depth: Range<Int>
  let isTransposed: Bool

  var shape: MatrixShape { plan.shape }

  private func packedRight(_ entry: Int) -> UnsafeMutablePointer<Float> {
    scratch + plan.scratch.right(entry - entries.lowerBound)
  }

  private func packedLeft(_ entry: Int) -> UnsafeMutablePointer<Float> {
    scratch + plan.scratch.left(entry - entries.lowerBound)
  }

  private func partial(_ entry: Int, _ split: Int) -> UnsafeMutablePointer<Float> {
    scratch + plan.scratch.partials(entry - entries.lowerBound) + split * shape.m * shape.n
  }

  // MARK: - Packing

  func pack(on pool: ThreadPool) {
    if plan.way.packsRight {
      pack(
        operands.b, shape.right, minorStride: shape.right.columnStride, depthStride: shape.right.rowStride,
        extent: shape.n, width: kernels.panelColumns, isShared: shape.sharesRight, on: pool
      ) { packedRight($0) }
    }
    if plan.packsLeft {
      pack(
        operands.a, shape.left, minorStride: shape.left.rowStride, depthStride: shape.left.columnStride,
        extent: shape.m, width: kernels.tileRows, isShared: shape.sharesLeft, on: pool
      ) { packedLeft($0) }
    }
  }

  /// Packs one operand of all entries, some panels and some steps of the summation in a task.
  private func pack(
    _ source: UnsafePointer<Float>, _ layout: MatrixShape.Layout, minorStride: Int, depthStride: Int, extent: Int,
    width: Int, isShared: Bool, on pool: ThreadPool, to packed: (_ entry: Int) -> UnsafeMutablePointer<Float>
  ) {
    // Along the direction in which the source is contiguous a task is long.
    let (minor, steps) = minorStride == 1 ? (max(1, 512 / width) * width, 64) : (width, 256)
    let groups = (extent + minor - 1) / minor
    let chunks = (depth.count + steps - 1) / steps
    share((isShared ? 1 : entries.count) * groups * chunks, serially: plan.packsSerially, on: pool) { _, task in
      let entry = entries.lowerBound + task / (groups * chunks)
      let columns = range(task / chunks % groups, minor, extent)
      let rows = range(task % chunks, steps, depth.count)
      kernels.pack(
        MatrixPanels(
          source: source + shape.offset(of: entry, layout) + columns.lowerBound * minorStride
            + (depth.lowerBound + rows.lowerBound) * depthStride,
          minorStride: minorStride, depthStride: depthStride, count: columns.count, depth: rows.count,
          destination: packed(entry) + columns.lowerBound * plan.packedDepth + rows.lowerBound * width,
          panelStride: plan.packedDepth * width, width: width))
    }
  }

  // MARK: - Multiplying

  private var tasksPerSplit: Int { plan.rowTasks * plan.columnTasks }
  var tasksPerEntry: Int { tasksPerSplit * plan.splits }

  /// A part of C of a batch entry, and the stretch of the summation that is done of it.
  struct Task {
    var entry: Int
    var split: Int
    var rows: Range<Int>
    var columns: Range<Int>
    var steps: Range<Int>
  }

  func task(_ index: Int) -> Task {
    let split = index % tasksPerEntry / tasksPerSplit
    let (rows, columns) = plan.part(index % tasksPerSplit)
    return Task(
      entry: entries.lowerBound + index / tasksPerEntry, split: split, rows: rows, columns: columns,
      steps: plan.splits > 1 ? range(split, plan.splitDepth, shape.k) : depth)
  }

  func multiply(on pool: ThreadPool, epilogue: MatrixProduct.Epilogue?) {
    let isLast = depth.upperBound == shape.k
    share(entries.count * tasksPerEntry, serially: plan.isSerial, on: pool) { worker, index in
      let task = task(index)
      multiply(worker, task, at: index)
      if isLast, plan.splits == 1, let epilogue { finish(epilogue, worker, task.entry, task.rows, task.columns) }
    }
    guard plan.splits > 1 else { return }
    share(entries.count * tasksPerSplit, serially: plan.isSerial, on: pool) { worker, task in
      let entry = entries.lowerBound + task / tasksPerSplit
      let (rows, columns) = plan.part(task % tasksPerSplit)
      let start = rows.lowerBound * shape.n + columns.lowerBound
      kernels.combine(
        MatrixPartials(
          partials: partial(entry, 0) + start, count: plan.splits, stride: shape.m * shape.n, rowStride: shape.n,
          c: operands.c + shape.offset(of: entry, shape.output) + rows.lowerBound * shape.output.rowStride
            + columns.lowerBound, cRowStride: shape.output.rowStride,
          rows: rows.count, columns: columns.count, accumulates: operands.accumulates))
      if let epilogue { finish(epilogue, worker, entry, rows, columns) }
    }
  }

  /// Multiplies one task's part of C, one block of the summation after the other.
  private func multiply(_ worker: Int, _ task: Task, at index: Int) {
    let (rows, columns, steps) = (task.rows, task.columns, task.steps)
    let (left, right) = (shape.left, shape.right)
    var c = operands.c + shape.offset(of: task.entry, shape.output)
    var cRowStride = shape.output.rowStride
    if plan.splits > 1 {
      c = partial(task.entry, task.split)
      cRowStride = shape.n
    }
    c += rows.lowerBound * cRowStride + columns.lowerBound
    var block = MatrixBlock(
      a: leftElement(task.entry, rows.lowerBound, depth.lowerBound), aTileStride: kernels.tileRows * left.rowStride,
      aRowStride: left.rowStride, aDepthStride: left.columnStride,
      b: rightElement(task.entry, depth.lowerBound, columns.lowerBound),
      bPanelStride: kernels.panelColumns * right.columnStride, bDepthStride: right.rowStride,
      c: c, cRowStride: cRowStride, rows: rows.count, columns: columns.count, depth: 0, accumulates: false,
      fetchesOutput: true)
    if plan.packsLeft {
      block.a = UnsafePointer(packedLeft(task.entry)) + rows.lowerBound * plan.packedDepth
      block.aTileStride = kernels.tileRows * plan.packedDepth
      block.aRowStride = 1
      block.aDepthStride = kernels.tileRows
    }
    if plan.way.packsRight {
      block.b = UnsafePointer(packedRight(task.entry)) + columns.lowerBound * plan.packedDepth
      block.bPanelStride = kernels.panelColumns * plan.packedDepth
      block.bDepthStride = kernels.panelColumns
    }
    // Of the tasks of the same rows the first does it.
    if columns.lowerBound == 0 { block.rowSums = operands.rowSums.map { $0 + rows.lowerBound } }
    let origin = depth.lowerBound
    let (a, b, bDepthStride) = (block.a, block.b, block.bDepthStride)
    var step = steps.lowerBound
    repeat {
      block.a = a + (step - origin) * block.aDepthStride
      block.b = b + (step - origin) * bDepthStride
      block.depth = min(plan.depthBlock, steps.upperBound - step)
      if plan.way.isByPanels { packPanel(of: worker, block.b, columns.count, &block) }
      block.epilogueAhead = epilogueAhead(of: task, after: step)
      block.leftAhead = leftAhead(of: task, at: index, after: step)
      block.rightAhead = rightAhead(of: task, after: step)
      block.accumulates = step > steps.lowerBound || (plan.splits == 1 && (operands.accumulates || origin > 0))
      kernels.multiply(block)
      step += block.depth
    } while step < steps.upperBound
  }

  /// Packs the panel that is multiplied next.
  private func packPanel(
    of worker: Int, _ source: UnsafePointer<Float>, _ columns: Int, _ block: inout MatrixBlock
  ) {
    let packed = scratch + plan.scratch.panel(of: worker)
    kernels.pack(
      MatrixPanels(
        source: source, minorStride: shape.right.columnStride, depthStride: shape.right.rowStride, count: columns,
        depth: block.depth, destination: packed, panelStride: block.depth * kernels.panelColumns,
        width: kernels.panelColumns))
    block.b = UnsafePointer(packed)
    block.bDepthStride = kernels.panelColumns
  }

  func leftElement(_ entry: Int, _ row: Int, _ step: Int) -> UnsafePointer<Float> {
    operands.a + shape.offset(of: entry, shape.left) + row * shape.left.rowStride + step * shape.left.columnStride
  }

  func rightElement(_ entry: Int, _ step: Int, _ column: Int) -> UnsafePointer<Float> {
    operands.b + shape.offset(of: entry, shape.right) + step * shape.right.rowStride
      + column * shape.right.columnStride
  }

  private func finish(
    _ epilogue: MatrixProduct.Epilogue, _ worker: Int, _ entry: Int, _ rows: Range<Int>, _ columns: Range<Int>
  ) {
    let c =
      operands.c + shape.offset(of: entry, shape.output) + rows.lowerBound * shape.output.rowStride
      + columns.lowerBound
    if isTransposed { epilogue(worker, entry, columns, rows, c) } else { epilogue(worker, entry, rows, columns, c) }
  }

  private func range(_ part: Int, _ length: Int, _ extent: Int) -> Range<Int> {
    part * length..<min(extent, (part + 1) * length)
  }

  private func share(_ count: Int, serially: Bool, on pool: ThreadPool, _ body: (Int, Int) -> Void) {
    if serially {
      pool.parallel(1) { worker, _ in for index in 0..<count { body(worker, index) } }
    } else {
      pool.parallel(count, body)
    }
  }
}
