import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// Attention: one sequence and one head in a task, some queries at a time, so that all scores are never in memory.
final class AttentionLaunch: Launch {
  private let heads: AttentionHeads
  private let packed: OperandAddress
  private let output: OperandAddress
  private let workers: Workers

  init(_ shape: AttentionShape, _ context: LaunchContext) throws(DeviceError) {
    heads = AttentionHeads(shape, context.kernels)
    packed = try context.input(0)
    output = try context.floatOutput()
    workers = context.workers
    try workers.reserve(heads.forwardScratchCount * 4)
  }

  func run(_ arguments: StepArguments) {
    let packed = UnsafePointer(packed.pointer.assumingMemoryBound(to: Float.self))
    let output = output.pointer.assumingMemoryBound(to: Float.self)
    workers.tasks(heads.count, work: heads.work) { worker, head in
      heads.forward(head, packed, output, workers.scratch(of: worker).assumingMemoryBound(to: Float.self))
    }
  }
}

/// The gradient of attention, by the same tasks. It needs no result: a query's sum of weights times their gradients is at
/// hand.
final class AttentionGradientLaunch: Launch {
  private let heads: AttentionHeads
  private let packed: OperandAddress
  private let upstream: OperandAddress
  private let output: OperandAddress
  private let workers: Workers

  init(_ shape: AttentionShape, _ context: LaunchContext) throws(DeviceError) {
    heads = AttentionHeads(shape, context.kernels)
    packed = try context.input(0)
    upstream = try context.input(2)
    output = try context.floatOutput()
    workers = context.workers
    try workers.reserve(heads.backwardScratchCount * 4)
  }

  func run(_ arguments: StepArguments) {
    let operands = AttentionHeads.BackwardOperands(
      packed: UnsafePointer(packed.pointer.assumingMemoryBound(to: Float.self)),
      upstream: UnsafePointer(upstream.pointer.assumingMemoryBound(to: Float.self)),
      output: output.pointer.assumingMemoryBound(to: Float.self))
    workers.tasks(heads.count, work: 3 * heads.work) { worker, head in
      heads.backward(head, operands, workers.scratch(of: worker).assumingMemoryBound(to: Float.self))
    }
  }
}
