import ApusCPUKernels
import ApusCompiler
import ApusExpression
import ApusOptimizers

/// A computation that is one chain: pointwise kernels, gathers that compute, and the updates of optimizers that have no
/// compiled loop.
final class ChainLaunch: Launch {
  private let chain: Chain
  private let kernels: ChainKernelTable
  private let workers: Workers

  private init(_ chain: Chain, _ context: LaunchContext) throws(DeviceError) {
    self.chain = chain
    kernels = context.kernels.chains
    workers = context.workers
    try workers.reserve(chain.plan.pointee.scratchByteCount)
  }

  convenience init(_ kernel: PointwiseKernel, _ context: LaunchContext) throws(DeviceError) {
    let columns = kernel.extents.last ?? 1
    func operand(_ address: OperandAddress, _ strides: [Int]) -> Chain.Operand {
      // At least one row axis.
      Chain.Operand(
        address, rowStrides: strides.count > 1 ? Array(strides.dropLast()) : [0], columnStride: strides.last ?? 0)
    }
    var outputs: [Chain.Operand] = []
    for index in kernel.expressions.indices {
      outputs.append(operand(try context.floatOutput(index), kernel.outputStrides))
    }
    let chain = Chain(
      kernel.expressions, inputs: zip(context.inputs, kernel.inputStrides).map(operand),
      outputs: outputs,
      rowExtents: kernel.extents.count > 1 ? Array(kernel.extents.dropLast()) : [1], columns: columns)
    try self.init(chain, context)
  }

  /// A gather whose rows pass through a chain: the table is an operand whose rows are picked by the indices.
  convenience init(_ kernel: GatherKernel, _ epilogue: Expression, _ context: LaunchContext) throws(DeviceError) {
    var table = Chain.Operand(try context.input(0), rowStrides: [kernel.rowStride], columnStride: 1)
    table.indices = (try context.input(1), kernel.tableRows)
    let extras = zip(context.inputs.dropFirst(2), kernel.extras).map {
      Chain.Operand($0, rowStrides: [$1.rowStride], columnStride: $1.columnStride)
    }
    let output = Chain.Operand(try context.floatOutput(), rowStrides: [kernel.columns], columnStride: 1)
    let chain = Chain(
      [epilogue], inputs: [table] + extras, outputs: [output], rowExtents: [kernel.rows], columns: kernel.columns)
    try self.init(chain, context)
  }

  /// An optimizer's formula, read as expressions over the arenas.
  convenience init(_ kernel: UpdateKernel, _ context: LaunchContext) throws(DeviceError) {
    func whole(_ address: OperandAddress) -> Chain.Operand {
      Chain.Operand(address, rowStrides: [0], columnStride: 1)
    }
    // Inputs: parameters, states, gradients, and the scale when gradients are clipped.
    let states = context.outputs.count - 1
    let gradient = Expression.input(states + 1)
    var slots = Slots<Expression>(
      parameter: .input(0), gradient: context.inputs.count > 1 ? gradient * .input(states + 2) : gradient,
      state0: states > 0 ? .input(1) : 0, state1: states > 1 ? .input(2) : 0, state2: states > 2 ? .input(3) : 0)
    func apply<Rule: Optimizer>(_ rule: Rule.Type) { rule.update(&slots, Uniforms { .uniform($0) }) }
    apply(kernel.optimizer)
    var inputs = context.outputs.map(whole) + [whole(try context.input(0))]
    if context.inputs.count > 1 {
      inputs.append(Chain.Operand(context.inputs[1], rowStrides: [0], columnStride: 0))
    }
    let results = [slots.parameter, slots.state0, slots.state1, slots.state2].prefix(context.outputs.count)
    let chain = Chain(
      Array(results), inputs: inputs, outputs: context.outputs.map(whole), rowExtents: [1], columns: kernel.count)
    try self.init(chain, context)
  }

  func run(_ arguments: StepArguments) {
    chain.begin(arguments)
    let plan = UnsafePointer(chain.plan)
    workers.areas(plan.pointee, work: chain.work) { scratch, area in kernels.evaluate(plan, area, scratch) }
  }
}
