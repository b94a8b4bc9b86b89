import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// A pooling or its gradient, planes in parallel.
final class PoolLaunch: Launch {
  private let plan: PoolPlan
  private let planes: Int
  private let input: OperandAddress
  private let output: OperandAddress
  private let gradient: OperandAddress
  private let function: ImageKernels.PoolFunction
  private let workers: Workers
  private let work: Int

  init(_ shape: PoolShape, isGradient: Bool, _ context: LaunchContext) throws(DeviceError) {
    let result = try context.floatOutput()
    if isGradient {
      output = try context.input(0)
      input = shape.kind == .max ? try context.input(1) : output
      gradient = result
    } else {
      input = try context.input(0)
      output = result
      gradient = result
    }
    function = isGradient ? context.kernels.images.poolGradient : context.kernels.images.pool
    planes = shape.planes
    let window = shape.window
    plan = PoolPlan(
      isMaximum: shape.kind == .max, countsPadding: shape.kind == .average, rows: shape.input[0],
      columns: shape.input[1], outputRows: shape.output[0], outputColumns: shape.output[1],
      windowRows: window.size[0], windowColumns: window.size[1], rowStride: window.strides[0],
      columnStride: window.strides[1], rowPadding: window.padding[0], columnPadding: window.padding[1])
    work = shape.planes * (shape.input.reduce(1, *) + shape.output.reduce(1, *) * window.size.reduce(1, *))
    workers = context.workers
    try workers.reserve(plan.scratchCount * 4)
  }

  func run(_ arguments: StepArguments) {
    let operands = PoolOperands(
      input: UnsafePointer(input.pointer.assumingMemoryBound(to: Float.self)),
      output: output.pointer.assumingMemoryBound(to: Float.self),
      gradient: gradient.pointer.assumingMemoryBound(to: Float.self))
    workers.ranges(planes, work: work) { scratch, range in function(plan, operands, range, scratch) }
  }
}
