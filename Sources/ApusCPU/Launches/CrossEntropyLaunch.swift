import ApusCPUKernels
import ApusCompiler

/// A cross-entropy, its gradient, or both.
final class CrossEntropyLaunch: Launch {
  private let kernel: CrossEntropyKernel
  private let logits: OperandAddress
  private let labels: OperandAddress
  private let upstream: OperandAddress?
  private let scale: Float
  private let losses: OperandAddress?
  private let gradient: OperandAddress?
  private let function: @Sendable (CrossEntropyOperands, Range<Int>) -> Void
  private let workers: Workers

  init(_ kernel: CrossEntropyKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    logits = try context.input(0)
    labels = try context.input(1)
    switch kernel.upstream {
    case .operand?: (upstream, scale) = (try context.input(2), 0)
    case .constant(let value)?: (upstream, scale) = (nil, value)
    case nil: (upstream, scale) = (nil, 0)
    }
    losses = kernel.hasLosses ? try context.floatOutput() : nil
    gradient = kernel.upstream == nil ? nil : try context.floatOutput(kernel.hasLosses ? 1 : 0)
    function = context.kernels.chains.softmaxCrossEntropy
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    func floats(_ operand: OperandAddress?) -> UnsafeMutablePointer<Float>? {
      operand?.pointer.assumingMemoryBound(to: Float.self)
    }
    let operands = CrossEntropyOperands(
      logits: UnsafePointer(logits.pointer.assumingMemoryBound(to: Float.self)),
      labels: UnsafePointer(labels.pointer.assumingMemoryBound(to: Int32.self)), losses: floats(losses),
      gradient: floats(gradient), upstream: floats(upstream).map { UnsafePointer($0) }, scale: scale,
      columns: kernel.columns)
    workers.ranges(kernel.rows, work: kernel.rows * kernel.columns * RowLaunch.weight) { _, rows in
      function(operands, rows)
    }
  }
}
