import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// A reduction: tasks in parallel, then the segments of each output in order.
final class ReductionLaunch: Launch {
  private let chain: Chain
  private let output: OperandAddress
  private let plan: UnsafeMutablePointer<ReductionPlan>
  private let kernels: ChainKernelTable
  private let workers: Workers

  /// The elements that one segment has at least.
  private static let segmentLength = 32_768
  /// The most tasks that segments are made for: fixed, so that sums do not depend on the number of threads.
  private static let taskGoal = 64

  init(_ kernel: ReductionKernel, _ context: LaunchContext) throws(DeviceError) {
    kernels = context.kernels.chains
    workers = context.workers
    output = try context.floatOutput()

    // The columns are the innermost axis of the two kinds along which the operands lie closer together.
    let keptStep = kernel.keptStrides.reduce(0) { $0 + ($1.last ?? 0) }
    let reducedStep = kernel.reducedStrides.reduce(0) { $0 + ($1.last ?? 0) }
    let keepsColumns = kernel.kept.last ?? 1 > 1 && (kernel.reduced.last ?? 1 == 1 || keptStep < reducedStep)
    let columns = (keepsColumns ? kernel.kept.last : kernel.reduced.last) ?? 1
    let keptRows = keepsColumns ? kernel.kept.dropLast() : kernel.kept[...]
    let reducedRows = keepsColumns ? kernel.reduced[...] : kernel.reduced.dropLast()
    let inputs = context.inputs.indices.map { index in
      let (kept, reduced) = (kernel.keptStrides[index], kernel.reducedStrides[index])
      return Chain.Operand(
        context.inputs[index],
        rowStrides: keepsColumns ? kept.dropLast() + reduced : kept + reduced.dropLast(),
        columnStride: (keepsColumns ? kept.last : reduced.last) ?? 0)
    }
    let rowExtents = Array(keptRows + reducedRows)
    chain = Chain([kernel.prologue], inputs: inputs, outputs: [], rowExtents: rowExtents, columns: columns)
    try workers.reserve(chain.plan.pointee.scratchByteCount)

    let reducedRowCount = reducedRows.reduce(1, *)
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: ReductionPlan(
        chain: UnsafePointer(chain.plan), isMaximum: kernel.kind == .max,
        output: output.pointer.assumingMemoryBound(to: Float.self), keptRows: keptRows.reduce(1, *),
        reducedRows: reducedRowCount, columnsAreKept: keepsColumns, segments: 1, partials: .allocate(capacity: 1)))
    let tasks = plan.pointee.taskCount
    let length = rowExtents.reduce(columns, *) / tasks
    let limit = keepsColumns || reducedRowCount > 1 ? reducedRowCount : (columns + 63) / 64
    plan.pointee.segments = max(
      1, min(ReductionLaunch.taskGoal / tasks, length / ReductionLaunch.segmentLength, limit))
    plan.pointee.partials.deallocate()
    plan.pointee.partials = .allocate(capacity: plan.pointee.segments * plan.pointee.outputCount)
  }

  deinit {
    plan.pointee.partials.deallocate()
    plan.deallocate()
  }

  func run(_ arguments: StepArguments) {
    chain.begin(arguments)
    plan.pointee.output = output.pointer.assumingMemoryBound(to: Float.self)
    let plan = UnsafePointer(plan)
    workers.ranges(plan.pointee.taskCount, work: chain.work) { scratch, tasks in
      kernels.reduce(plan, tasks, scratch)
    }
    if plan.pointee.segments > 1 { kernels.combine(plan) }
  }
}
