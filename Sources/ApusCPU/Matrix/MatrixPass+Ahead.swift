import ApusCPUKernels

/// What is read in place and fetched while something else is multiplied.
extension MatrixPass {
  /// What the epilogue reads of a task after the summation's last block.
  func epilogueAhead(of task: Task, after step: Int) -> LinesAhead? {
    guard let besides = operands.besides, plan.splits == 1, !isTransposed, step + plan.depthBlock >= shape.k else {
      return nil
    }
    let start =
      besides.start + shape.offset(of: task.entry, besides.layout)
      + task.rows.lowerBound * besides.layout.rowStride + task.columns.lowerBound
    return LinesAhead(
      start, rows: task.rows.count, rowStride: besides.layout.rowStride, floats: task.columns.count)
  }

  /// What of A, where it is read in place, a worker reads after a block and has not read before, if all goes on in order: the
  /// next stretch of the summation, or the next task's rows.
  func leftAhead(of task: Task, at index: Int, after step: Int) -> LinesAhead? {
    guard plan.fetchesLeft else { return nil }
    var (next, step) = (task, step + plan.depthBlock)
    if step >= task.steps.upperBound {
      guard index + 1 < entries.count * tasksPerEntry else { return nil }
      next = self.task(index + 1)
      guard next.rows != task.rows || next.entry != task.entry else { return nil }
      step = next.steps.lowerBound
    }
    let start = leftElement(next.entry, next.rows.lowerBound, step)
    let depth = min(plan.depthBlock, next.steps.upperBound - step)
    return LinesAhead(start, rows: next.rows.count, columns: depth, shape.left)
  }

  /// What of B a worker reads after a block: where it packs panels in its tasks, the next block of the panel, or the next
  /// panel's first one; where it walks along the summation, the next stretch.
  func rightAhead(of task: Task, after step: Int) -> LinesAhead? {
    guard plan.way.isByPanels || plan.way.isByStretches else { return nil }
    var (first, count, step) = (task.columns.lowerBound, task.columns.count, step + plan.depthBlock)
    if step >= task.steps.upperBound {
      guard plan.way.isByPanels, task.columns.upperBound < shape.n else { return nil }
      first = task.columns.upperBound
      count = min(kernels.panelColumns, shape.n - first)
      step = task.steps.lowerBound
    }
    let start = rightElement(task.entry, step, first)
    let depth = min(plan.depthBlock, task.steps.upperBound - step)
    return LinesAhead(start, rows: depth, columns: count, shape.right)
  }
}

extension LinesAhead {
  /// Part of a matrix of which either the rows or the columns are contiguous.
  fileprivate init(_ start: UnsafePointer<Float>, rows: Int, columns: Int, _ layout: MatrixShape.Layout) {
    if layout.columnStride == 1 {
      self.init(start, rows: rows, rowStride: layout.rowStride, floats: columns)
    } else {
      self.init(start, rows: columns, rowStride: layout.columnStride, floats: rows)
    }
  }
}
