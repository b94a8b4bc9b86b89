import ApusCPUKernels
import ApusCompiler

/// A matrix product with its epilogue, which each part of the result passes through as it becomes final.
final class MatrixLaunch: Launch {
  private let product: MatrixProduct
  private let left: OperandAddress
  private let right: OperandAddress
  private let output: OperandAddress
  private let workers: Workers
  private let chain: Chain?
  private let epilogue: MatrixProduct.Epilogue?
  /// The epilogue's first operand that has an element for each of C's.
  private let besides: (address: OperandAddress, layout: MatrixShape.Layout)?
  /// Where the sums of the left operand's rows go, and the launch that follows where the product does not compute them.
  private let rowSums: OperandAddress?
  private let separateSums: ReductionLaunch?

  init(_ kernel: MatrixProductKernel, _ context: LaunchContext) throws(DeviceError) {
    left = try context.input(0)
    right = try context.input(1)
    output = try context.floatOutput()
    workers = context.workers
    product = MatrixProduct(
      MatrixShape(kernel), kernels: context.kernels.matrix, threadCount: context.workers.pool.threadCount)
    try workers.reserveShared(product.scratchCount)
    rowSums = kernel.sumsRows ? try context.floatOutput(1) : nil
    separateSums =
      kernel.sumsRows && !product.sumsRows
      ? try ReductionLaunch(
        kernel.rowSums, context.with(inputs: [left], outputs: rowSums.map { [$0] } ?? [])) : nil
    guard let expression = kernel.epilogue else {
      chain = nil
      epilogue = nil
      besides = nil
      return
    }
    let strip = Chain.Operand.strip(rowAxes: kernel.batch.count + 1)
    let extras = zip(context.inputs.dropFirst(2), kernel.extras).map {
      Chain.Operand($0, rowStrides: $1.batchStrides + [$1.rowStride], columnStride: $1.columnStride)
    }
    let chain = Chain(
      [expression], inputs: [strip] + extras, outputs: [strip], rowExtents: kernel.batch + [kernel.m],
      columns: kernel.n)
    try workers.reserve(chain.plan.pointee.scratchByteCount)
    besides = zip(context.inputs.dropFirst(2), kernel.extras).first { address, matrix in
      address.slice.elementType == .float32 && matrix.columnStride == 1 && matrix.rowStride != 0
    }.map { ($0, MatrixShape.Layout($1)) }
    self.chain = chain
    let (m, stripStride) = (kernel.m, kernel.output.rowStride)
    epilogue = { [workers, evaluate = context.kernels.chains.evaluate] worker, entry, rows, columns, c in
      let area = ChainArea(
        firstRow: entry * m + rows.lowerBound, rows: rows.count, firstColumn: columns.lowerBound,
        columns: columns.count, strip: c, stripStride: stripStride)
      evaluate(chain.plan, area, workers.scratch(of: worker))
    }
  }

  func run(_ arguments: StepArguments) {
    chain?.begin(arguments)
    product.run(
      MatrixProduct.Operands(
        a: UnsafePointer(left.pointer.assumingMemoryBound(to: Float.self)),
        b: UnsafePointer(right.pointer.assumingMemoryBound(to: Float.self)),
        c: output.pointer.assumingMemoryBound(to: Float.self),
        besides: besides.map { .init(UnsafePointer($0.pointer.assumingMemoryBound(to: Float.self)), $1) },
        rowSums: separateSums == nil ? rowSums?.pointer.assumingMemoryBound(to: Float.self) : nil),
      scratch: workers.shared, on: workers.pool, epilogue: epilogue)
    separateSums?.run(arguments)
  }
}

extension MatrixShape {
  fileprivate init(_ kernel: MatrixProductKernel) {
    self.init(
      m: kernel.m, n: kernel.n, k: kernel.k, batch: kernel.batch, left: Layout(kernel.left),
      right: Layout(kernel.right), output: Layout(kernel.output))
  }
}

extension MatrixShape.Layout {
  fileprivate init(_ matrix: MatrixProductKernel.Matrix) {
    self.init(rowStride: matrix.rowStride, columnStride: matrix.columnStride, batchStrides: matrix.batchStrides)
  }
}
