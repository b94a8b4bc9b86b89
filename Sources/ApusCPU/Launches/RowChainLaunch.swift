import ApusCPUKernels
import ApusCompiler
import ApusExpression
import ApusGraph

/// Reductions along rows and the chains that need their results.
final class RowChainLaunch: Launch {
  private let chains: [Chain]
  private let reductions: [RowReduction]
  private let plan: UnsafeMutablePointer<RowChainPlan>
  private let rows: Int
  private let work: Int
  private let kernels: ChainKernelTable
  private let workers: Workers

  /// About as many elements as go through all stages together.
  private static let blockLength = 4096
  /// At most as many rows, because those of a stage of their values are one chunk.
  private static let mostRows = 256

  init(_ kernel: RowChainKernel, _ context: LaunchContext) throws(DeviceError) {
    kernels = context.kernels.chains
    workers = context.workers
    rows = kernel.rows
    let operands = try RowChainOperands(kernel, context)
    var chains: [Chain] = []
    var reductions: [RowReduction] = []
    var stages: [RowChainPlan.Stage] = []
    var known = 0
    for pass in kernel.passes {
      let results = Array(operands.values[known..<known + pass.reductions.count])
      // Three levels of sums for each result.
      let chain = operands.chain(pass.reductions, known: known, spareRows: 3 * results.count)
      let reduction = RowReduction(chain, isMaximum: pass.kind == .max, results)
      stages.append(.init(UnsafePointer(chain.plan), reduction: UnsafePointer(reduction.plan)))
      chains.append(chain)
      reductions.append(reduction)
      known += results.count
      guard !pass.values.isEmpty else { continue }
      let values = operands.chainOfRows(
        pass.values, outputs: Array(operands.values[known..<known + pass.values.count]), known: known)
      stages.append(.init(UnsafePointer(values.plan), isOfRows: true))
      chains.append(values)
      known += pass.values.count
    }
    if !kernel.elements.isEmpty {
      let elements = operands.chain(kernel.elements, outputs: operands.elements, known: known)
      stages.append(.init(UnsafePointer(elements.plan)))
      chains.append(elements)
    }
    self.chains = chains
    self.reductions = reductions
    work = chains.reduce(0) { $0 + $1.work }
    let memory = UnsafeMutablePointer<RowChainPlan.Stage>.allocate(capacity: stages.count)
    memory.initialize(from: stages, count: stages.count)
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: RowChainPlan(
        stages: memory, stageCount: stages.count,
        blockRows: max(1, min(RowChainLaunch.blockLength / kernel.columns, RowChainLaunch.mostRows))))
    try workers.reserve(plan.pointee.scratchByteCount)
  }

  deinit {
    plan.pointee.stages.deallocate()
    plan.deallocate()
  }

  func run(_ arguments: StepArguments) {
    for chain in chains { chain.begin(arguments) }
    for reduction in reductions { reduction.begin() }
    let plan = UnsafePointer(plan)
    workers.ranges(rows, work: work) { scratch, rows in kernels.rowChain(plan, rows, scratch) }
  }
}

/// Where a row chain's operands, the rows' values and the results lie.
private struct RowChainOperands {
  /// An address for each of the rows' values, stored or not.
  let values: [OperandAddress]
  /// The outputs of rows and columns.
  let elements: [Chain.Operand]
  private let kernel: RowChainKernel
  private let inputs: [OperandAddress]

  init(_ kernel: RowChainKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    inputs = context.inputs
    let count = kernel.passes.reduce(0) { $0 + $1.count }
    let memory = try CPUBuffer(byteCount: count * kernel.rows * 4, label: context.label)
    var values: [OperandAddress] = []
    for value in 0..<count {
      if let output = kernel.storedValues.firstIndex(of: value) {
        values.append(try context.floatOutput(output))
      } else {
        let slice = BufferSlice(
          location: .workspace(0), elementType: .float32, offset: value * kernel.rows, count: kernel.rows)
        values.append(try OperandAddress(slice, in: memory))
      }
    }
    self.values = values
    var elements: [Chain.Operand] = []
    for index in kernel.elements.indices {
      let address = try context.floatOutput(kernel.storedValues.count + index)
      elements.append(Chain.Operand(address, rowStrides: [kernel.columns], columnStride: 1))
    }
    self.elements = elements
  }

  /// Expressions over all rows and columns, of what they read of the operands and of the first values.
  func chain(_ expressions: [Expression], outputs: [Chain.Operand] = [], known: Int, spareRows: Int = 1) -> Chain {
    chain(expressions, outputs, known, rowExtents: [kernel.rows], columns: kernel.columns, spareRows) {
      Chain.Operand($0, rowStrides: [$1], columnStride: $2)
    }
  }

  /// Expressions over the rows alone, which are the chain's columns.
  func chainOfRows(_ expressions: [Expression], outputs: [OperandAddress], known: Int) -> Chain {
    let outputs = outputs.map { Chain.Operand($0, rowStrides: [0], columnStride: 1) }
    return chain(expressions, outputs, known, rowExtents: [1], columns: kernel.rows, 1) { address, stride, _ in
      Chain.Operand(address, rowStrides: [0], columnStride: stride)
    }
  }

  private func chain(
    _ expressions: [Expression], _ outputs: [Chain.Operand], _ known: Int, rowExtents: [Int], columns: Int,
    _ spareRows: Int, _ operand: (OperandAddress, _ rowStride: Int, _ columnStride: Int) -> Chain.Operand
  ) -> Chain {
    let all =
      zip(inputs, kernel.operands).map { operand($0, $1.rowStride, $1.columnStride) }
      + values.prefix(known).map { operand($0, 1, 0) }
    let used = Set(expressions.flatMap(\.inputs)).sorted()
    let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    return Chain(
      expressions.map { $0.renumberingInputs { places[$0] ?? 0 } }, inputs: used.map { all[$0] }, outputs: outputs,
      rowExtents: rowExtents, columns: columns, spareRows: spareRows)
  }
}

/// The plan of a reduction of each of a chain's rows to one value.
private final class RowReduction {
  let plan: UnsafeMutablePointer<ReductionPlan>
  private let results: [OperandAddress]

  init(_ chain: Chain, isMaximum: Bool, _ results: [OperandAddress]) {
    self.results = results
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: ReductionPlan(
        chain: UnsafePointer(chain.plan), isMaximum: isMaximum, outputs: .allocate(capacity: results.count),
        resultCount: results.count, keptRows: chain.plan.pointee.rows, reducedRows: 1, columnsAreKept: false,
        interleavesRows: false, segments: 1, partials: .allocate(capacity: 1), totals: .allocate(capacity: 1)))
  }

  deinit {
    plan.pointee.outputs.deallocate()
    plan.pointee.partials.deallocate()
    plan.pointee.totals.deallocate()
    plan.deallocate()
  }

  /// Sets where the results lie in a step.
  func begin() {
    for (index, result) in results.enumerated() {
      (plan.pointee.outputs + index).initialize(to: result.pointer.assumingMemoryBound(to: Float.self))
    }
  }
}
