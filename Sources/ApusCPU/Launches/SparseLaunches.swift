import ApusCPUKernels
import ApusCompiler

/// Rows of a sparse matrix, padded.
final class SparseRowsLaunch: Launch {
  private let kernel: SparseRowsKernel
  private let starts: OperandAddress
  private let entries: OperandAddress
  private let picks: OperandAddress
  private let output: OperandAddress
  private let function: @Sendable (SparseRowOperands, Range<Int>) -> Void
  private let workers: Workers

  init(_ kernel: SparseRowsKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    starts = try context.input(0)
    entries = try context.input(1)
    picks = try context.input(2)
    output = try context.output(0)
    function = context.kernels.images.sparseRows
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let operands = SparseRowOperands(
      starts: UnsafePointer(starts.pointer.assumingMemoryBound(to: Int32.self)), entries: entries.pointer,
      element: ChainElement(entries.slice.elementType),
      picks: UnsafePointer(picks.pointer.assumingMemoryBound(to: Int32.self)), output: output.pointer,
      length: kernel.length, tableRows: kernel.tableRows, entryCount: kernel.entryCount)
    workers.ranges(kernel.rows, work: kernel.rows * kernel.length) { _, rows in function(operands, rows) }
  }
}

/// A sparse matrix in padded rows times a dense one, or the gradient of the dense one.
final class SparseProductLaunch: Launch {
  private let kernel: SparseProductKernel
  private let isGradient: Bool
  private let columns: OperandAddress
  private let values: OperandAddress
  private let dense: OperandAddress
  private let output: OperandAddress
  private let kernels: ImageKernels
  private let workers: Workers

  init(_ kernel: SparseProductKernel, isGradient: Bool, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    self.isGradient = isGradient
    columns = try context.input(0)
    values = try context.input(1)
    dense = try context.input(2)
    output = try context.floatOutput()
    kernels = context.kernels.images
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let k = kernel
    let operands = SparseProductOperands(
      columns: UnsafePointer(columns.pointer.assumingMemoryBound(to: Int32.self)),
      values: UnsafePointer(values.pointer.assumingMemoryBound(to: Float.self)),
      dense: UnsafePointer(dense.pointer.assumingMemoryBound(to: Float.self)),
      output: output.pointer.assumingMemoryBound(to: Float.self), rows: k.rows, length: k.length,
      tableRows: k.tableRows, width: k.columns)
    guard isGradient else {
      workers.ranges(k.rows, work: k.rows * k.length * k.columns) { _, rows in kernels.sparseProduct(operands, rows) }
      return
    }
    // By columns where there are vectors of them for every thread: then all have the same to do, however unevenly
    // the table's rows are used.
    let work = (k.rows * k.length + k.tableRows) * k.columns
    let vectors = (k.columns + ChainPlan.lanes - 1) / ChainPlan.lanes
    if vectors >= workers.parts(work: work, limit: .max) {
      workers.ranges(vectors, work: work) { _, part in
        let columns = part.lowerBound * ChainPlan.lanes..<min(part.upperBound * ChainPlan.lanes, k.columns)
        kernels.sparseProductGradient(operands, 0..<k.tableRows, columns)
      }
    } else {
      workers.ranges(k.tableRows, work: work) { _, rows in
        kernels.sparseProductGradient(operands, rows, 0..<k.columns)
      }
    }
  }
}
