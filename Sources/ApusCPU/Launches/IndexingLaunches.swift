import ApusCPUKernels
import ApusCompiler

/// Rows of a table, copied.
final class GatherLaunch: Launch {
  private let kernel: GatherKernel
  private let table: OperandAddress
  private let indices: OperandAddress
  private let output: OperandAddress
  private let kernels: ChainKernelTable
  private let workers: Workers

  init(_ kernel: GatherKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    table = try context.input(0)
    indices = try context.input(1)
    output = try context.output(0)
    kernels = context.kernels.chains
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let operands = GatherOperands(
      table: table.pointer, indices: UnsafePointer(indices.pointer.assumingMemoryBound(to: Int32.self)),
      output: output.pointer, rowByteCount: kernel.columns * table.slice.elementType.byteCount,
      rowByteStride: kernel.rowStride * table.slice.elementType.byteCount, tableRows: kernel.tableRows)
    workers.ranges(kernel.rows, work: kernel.rows * kernel.columns) { _, rows in kernels.gather(operands, rows) }
  }
}

/// Rows added into a table.
final class ScatterLaunch: Launch {
  private let kernel: ScatterAddKernel
  private let values: OperandAddress
  private let indices: OperandAddress
  private let output: OperandAddress
  private let kernels: ChainKernelTable
  private let workers: Workers

  init(_ kernel: ScatterAddKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    values = try context.input(0)
    indices = try context.input(1)
    output = try context.floatOutput()
    kernels = context.kernels.chains
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let operands = ScatterOperands(
      values: UnsafePointer(values.pointer.assumingMemoryBound(to: Float.self)),
      indices: UnsafePointer(indices.pointer.assumingMemoryBound(to: Int32.self)),
      output: output.pointer.assumingMemoryBound(to: Float.self), rows: kernel.rows, columns: kernel.columns)
    let work = (kernel.rows + kernel.tableRows) * kernel.columns
    workers.ranges(kernel.tableRows, work: work) { _, rows in kernels.scatterAdd(operands, rows) }
  }
}
