import ApusCPUKernels
import ApusCompiler

/// A matrix product with its epilogue.
final class MatrixLaunch: Launch {
  private let kernel: MatrixProductKernel
  private let left: OperandAddress
  private let right: OperandAddress
  private let output: OperandAddress
  private let epilogue: Chain?
  private let kernels: ChainKernelTable
  private let workers: Workers

  init(_ kernel: MatrixProductKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    left = try context.input(0)
    right = try context.input(1)
    output = try context.floatOutput()
    kernels = context.kernels
    workers = context.workers
    epilogue = kernel.epilogue.map { expression in
      let strip = Chain.Operand.strip(rowAxes: kernel.batch.count + 1)
      let extras = zip(context.inputs.dropFirst(2), kernel.extras).map {
        Chain.Operand($0, rowStrides: $1.batchStrides + [$1.rowStride], columnStride: $1.columnStride)
      }
      return Chain(
        [expression], inputs: [strip] + extras, outputs: [strip], rowExtents: kernel.batch + [kernel.m],
        columns: kernel.n)
    }
    if let epilogue { workers.reserve(epilogue.plan.pointee.scratchByteCount) }
  }

  func run(_ arguments: StepArguments) {
    epilogue?.begin(arguments)
    let batches = kernel.batch.reduce(1, *)
    for batch in 0..<batches {
      var rest = batch
      var (l, r, o) = (0, 0, 0)
      for axis in kernel.batch.indices.reversed() {
        let i = rest % kernel.batch[axis]
        rest /= kernel.batch[axis]
        l += i * kernel.left.batchStrides[axis]
        r += i * kernel.right.batchStrides[axis]
        o += i * kernel.output.batchStrides[axis]
      }
      let a = left.pointer.assumingMemoryBound(to: Float.self) + l
      let b = right.pointer.assumingMemoryBound(to: Float.self) + r
      let c = output.pointer.assumingMemoryBound(to: Float.self) + o
      for i in 0..<kernel.m {
        for j in 0..<kernel.n {
          var sum: Float = 0
          for p in 0..<kernel.k {
            sum += a[i * kernel.left.rowStride + p * kernel.left.columnStride]
              * b[p * kernel.right.rowStride + j * kernel.right.columnStride]
          }
          c[i * kernel.output.rowStride + j] = sum
        }
      }
      guard let epilogue else { continue }
      // Odd strips, to exercise them.
      for i in stride(from: 0, to: kernel.m, by: 13) {
        for j in stride(from: 0, to: kernel.n, by: 21) {
          kernels.evaluate(
            epilogue.plan,
            ChainArea(
              firstRow: batch * kernel.m + i, rows: min(13, kernel.m - i), firstColumn: j,
              columns: min(21, kernel.n - j), strip: c + i * kernel.output.rowStride + j,
              stripStride: kernel.output.rowStride), workers.scratch(of: 0))
        }
      }
    }
  }
}
