import ApusCPUKernels
import ApusCompiler

/// A kernel that works on each row of a contiguous matrix.
final class RowLaunch: Launch {
  private let kernel: RowKernel
  private let input: OperandAddress
  private let output: OperandAddress
  private let function: ChainKernelTable.RowFunction
  private let workers: Workers

  /// An exponential and a few passes.
  static let weight = 12

  init(
    _ kernel: RowKernel, _ context: LaunchContext, _ function: @escaping ChainKernelTable.RowFunction
  ) throws(DeviceError) {
    self.kernel = kernel
    self.function = function
    input = try context.input(0)
    output = try context.output(0)
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let operands = RowOperands(
      logits: UnsafePointer(input.pointer.assumingMemoryBound(to: Float.self)), output: output.pointer,
      columns: kernel.columns)
    workers.ranges(kernel.rows, work: kernel.rows * kernel.columns * RowLaunch.weight) { _, rows in
      function(operands, rows)
    }
  }
}
