import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// Reductions of one chain: tasks in parallel, then the segments of each element in order.
final class ReductionLaunch: Launch {
  private let chain: Chain
  private let outputs: [OperandAddress]
  private let plan: UnsafeMutablePointer<ReductionPlan>
  private let kernels: ChainKernelTable
  private let workers: Workers

  /// About as many elements as one segment has.
  private static let segmentLength = 32_768
  /// Rows that are shorter than this, or fewer, are not worth being walked in the order of memory.
  private static let shortestRow = 32
  private static let fewestRows = 8
  /// The most tasks that segments are made for: fixed, so that sums do not depend on the number of threads.
  private static let taskGoal = 64

  init(_ kernel: ReductionKernel, _ context: LaunchContext) throws(DeviceError) {
    kernels = context.kernels.chains
    workers = context.workers
    var outputs: [OperandAddress] = []
    for index in kernel.prologues.indices { outputs.append(try context.floatOutput(index)) }
    self.outputs = outputs

    // The columns are the innermost axis of the two kinds along which the operands lie closer together.
    let keptStep = kernel.keptStrides.reduce(0) { $0 + ($1.last ?? 0) }
    let reducedStep = kernel.reducedStrides.reduce(0) { $0 + ($1.last ?? 0) }
    let keepsColumns = kernel.kept.last ?? 1 > 1 && (kernel.reduced.last ?? 1 == 1 || keptStep < reducedStep)
    let columns = (keepsColumns ? kernel.kept.last : kernel.reduced.last) ?? 1
    let keptRows = keepsColumns ? kernel.kept.dropLast() : kernel.kept[...]
    let reducedRows = keepsColumns ? kernel.reduced[...] : kernel.reduced.dropLast()
    // Rows are walked as they lie in memory where enough are left to cut into segments that way.
    let reducedRowStep = kernel.reducedStrides.reduce(0) { $0 + ($1.dropLast().last ?? 0) }
    let interleavesRows =
      !keepsColumns && columns >= ReductionLaunch.shortestRow && keptStep < reducedRowStep
      && reducedRows.reduce(1, *) >= ReductionLaunch.fewestRows
    let inputs = context.inputs.indices.map { index in
      let (kept, reduced) = (kernel.keptStrides[index], kernel.reducedStrides[index])
      return Chain.Operand(
        context.inputs[index],
        rowStrides: keepsColumns
          ? kept.dropLast() + reduced : interleavesRows ? reduced.dropLast() + kept : kept + reduced.dropLast(),
        columnStride: (keepsColumns ? kept.last : reduced.last) ?? 0)
    }
    let rowExtents = Array(interleavesRows ? reducedRows + keptRows : keptRows + reducedRows)
    // Three levels of sums for each result.
    chain = Chain(
      kernel.prologues, inputs: inputs, outputs: [], rowExtents: rowExtents, columns: columns,
      spareRows: 3 * outputs.count)
    try workers.reserve(chain.plan.pointee.scratchByteCount)

    let reducedRowCount = reducedRows.reduce(1, *)
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: ReductionPlan(
        chain: UnsafePointer(chain.plan), isMaximum: kernel.kind == .max,
        outputs: .allocate(capacity: outputs.count), resultCount: outputs.count, keptRows: keptRows.reduce(1, *),
        reducedRows: reducedRowCount, columnsAreKept: keepsColumns, interleavesRows: interleavesRows, segments: 1,
        partials: .allocate(capacity: 1), totals: .allocate(capacity: 1)))
    let tasks = plan.pointee.taskCount
    let length = rowExtents.reduce(columns, *) / tasks
    let limit = keepsColumns || reducedRowCount > 1 ? reducedRowCount : (columns + 63) / 64
    let segments = min(ReductionLaunch.taskGoal / tasks, length / ReductionLaunch.segmentLength, limit)
    // A power of two, so that most numbers of threads have the same share.
    plan.pointee.segments = min(segments.roundedUpToPowerOfTwo, limit)
    plan.pointee.partials.deallocate()
    plan.pointee.totals.deallocate()
    let partials = outputs.count * plan.pointee.segments * plan.pointee.elementCount
    plan.pointee.partials = .allocate(capacity: interleavesRows ? 1 : partials)
    plan.pointee.totals = .allocate(capacity: interleavesRows ? partials : 1)
  }

  deinit {
    plan.pointee.outputs.deallocate()
    plan.pointee.partials.deallocate()
    plan.pointee.totals.deallocate()
    plan.deallocate()
  }

  func run(_ arguments: StepArguments) {
    chain.begin(arguments)
    for (index, output) in outputs.enumerated() {
      (plan.pointee.outputs + index).initialize(to: output.pointer.assumingMemoryBound(to: Float.self))
    }
    let plan = UnsafePointer(plan)
    workers.ranges(plan.pointee.taskCount, work: chain.work) { scratch, tasks in
      kernels.reduce(plan, tasks, scratch)
    }
    if plan.pointee.segments > 1 || plan.pointee.interleavesRows { kernels.combine(plan) }
  }
}
