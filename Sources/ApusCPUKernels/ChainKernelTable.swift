/// The kernels of one instruction set for everything but matrix products and updates.
///
/// All work on raw memory. Ranges name rows of the kernel's space, so that callers cut it among threads; results
/// do not depend on the cut.
package struct ChainKernelTable: Sendable {
  /// Rows of an operand matrix, and what is computed from each.
  package typealias RowFunction = @Sendable (_ operands: RowOperands, _ rows: Range<Int>) -> Void

  /// Evaluates a chain over an area and stores its outputs.
  package var evaluate: @Sendable (UnsafePointer<ChainPlan>, ChainArea, _ scratch: UnsafeMutableRawPointer) -> Void

  /// Copies the first input of a plan to its first output, of the same type, over an area of whole rows. Where the
  /// flag is set, the input is contiguous along the last row axis, and the copy is a transposition.
  package var copy: @Sendable (UnsafePointer<ChainPlan>, ChainArea, _ transposes: Bool) -> Void

  /// Computes a range of a reduction's tasks.
  package var reduce:
    @Sendable (UnsafePointer<ReductionPlan>, _ tasks: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void

  /// Joins the segments of every output, in order.
  package var combine: @Sendable (UnsafePointer<ReductionPlan>) -> Void

  /// Takes a range of rows through all stages of a plan.
  package var rowChain:
    @Sendable (UnsafePointer<RowChainPlan>, _ rows: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void

  package var argmax: RowFunction
  package var softmax: RowFunction
  package var logSumExp: RowFunction

  /// Computes a range of rows' losses, their gradient, or both.
  package var softmaxCrossEntropy: @Sendable (CrossEntropyOperands, _ rows: Range<Int>) -> Void

  /// Copies rows of a table, picked by index.
  package var gather: @Sendable (GatherOperands, _ rows: Range<Int>) -> Void

  /// Adds rows into a range of a table's rows, in the order of the indices, beginning from zero.
  package var scatterAdd: @Sendable (ScatterOperands, _ tableRows: Range<Int>) -> Void

  package init(
    evaluate: @escaping @Sendable (UnsafePointer<ChainPlan>, ChainArea, UnsafeMutableRawPointer) -> Void,
    copy: @escaping @Sendable (UnsafePointer<ChainPlan>, ChainArea, Bool) -> Void,
    reduce: @escaping @Sendable (UnsafePointer<ReductionPlan>, Range<Int>, UnsafeMutableRawPointer) -> Void,
    combine: @escaping @Sendable (UnsafePointer<ReductionPlan>) -> Void,
    rowChain: @escaping @Sendable (UnsafePointer<RowChainPlan>, Range<Int>, UnsafeMutableRawPointer) -> Void,
    argmax: @escaping RowFunction, softmax: @escaping RowFunction, logSumExp: @escaping RowFunction,
    softmaxCrossEntropy: @escaping @Sendable (CrossEntropyOperands, Range<Int>) -> Void,
    gather: @escaping @Sendable (GatherOperands, Range<Int>) -> Void,
    scatterAdd: @escaping @Sendable (ScatterOperands, Range<Int>) -> Void
  ) {
    self.evaluate = evaluate
    self.copy = copy
    self.reduce = reduce
    self.combine = combine
    self.rowChain = rowChain
    self.argmax = argmax
    self.softmax = softmax
    self.logSumExp = logSumExp
    self.softmaxCrossEntropy = softmaxCrossEntropy
    self.gather = gather
    self.scatterAdd = scatterAdd
  }
}

/// The operands of the row kernels.
package struct RowOperands {
  /// `[rows, columns]`, contiguous.
  package var logits: UnsafePointer<Float>
  /// One value per row, or `[rows, columns]`; int32 of `argmax`.
  package var output: UnsafeMutableRawPointer
  package var columns: Int

  package init(logits: UnsafePointer<Float>, output: UnsafeMutableRawPointer, columns: Int) {
    self.logits = logits
    self.output = output
    self.columns = columns
  }
}

/// The operands of a cross-entropy and of its gradient.
package struct CrossEntropyOperands {
  /// `[rows, columns]`, contiguous.
  package var logits: UnsafePointer<Float>
  /// One for each row.
  package var labels: UnsafePointer<Int32>
  /// One for each row, where they are wanted.
  package var losses: UnsafeMutablePointer<Float>?
  /// `[rows, columns]`, contiguous, where it is wanted.
  package var gradient: UnsafeMutablePointer<Float>?
  /// What the gradient is multiplied by, one for each row; nil for `scale` everywhere.
  package var upstream: UnsafePointer<Float>?
  package var scale: Float
  package var columns: Int

  package init(
    logits: UnsafePointer<Float>, labels: UnsafePointer<Int32>, losses: UnsafeMutablePointer<Float>?,
    gradient: UnsafeMutablePointer<Float>?, upstream: UnsafePointer<Float>?, scale: Float, columns: Int
  ) {
    self.logits = logits
    self.labels = labels
    self.losses = losses
    self.gradient = gradient
    self.upstream = upstream
    self.scale = scale
    self.columns = columns
  }
}

/// The operands of a gather that copies.
package struct GatherOperands {
  package var table: UnsafeRawPointer
  package var indices: UnsafePointer<Int32>
  package var output: UnsafeMutableRawPointer
  /// Bytes of a row.
  package var rowByteCount: Int
  /// From one row of the table to the next.
  package var rowByteStride: Int
  /// Indices are moved into `0 ..< tableRows`.
  package var tableRows: Int

  package init(
    table: UnsafeRawPointer, indices: UnsafePointer<Int32>, output: UnsafeMutableRawPointer, rowByteCount: Int,
    rowByteStride: Int, tableRows: Int
  ) {
    self.table = table
    self.indices = indices
    self.output = output
    self.rowByteCount = rowByteCount
    self.rowByteStride = rowByteStride
    self.tableRows = tableRows
  }
}

/// The operands of a scatter-add.
package struct ScatterOperands {
  /// `[rows, columns]`.
  package var values: UnsafePointer<Float>
  /// An index outside the table adds nothing.
  package var indices: UnsafePointer<Int32>
  package var output: UnsafeMutablePointer<Float>
  package var rows: Int
  package var columns: Int

  package init(
    values: UnsafePointer<Float>, indices: UnsafePointer<Int32>, output: UnsafeMutablePointer<Float>, rows: Int,
    columns: Int
  ) {
    self.values = values
    self.indices = indices
    self.output = output
    self.rows = rows
    self.columns = columns
  }
}
