import ApusCPUKernels
import ApusCompiler
import ApusExpression

/// A pointwise kernel that moves elements of any type: a copy, a slice's copy, a transposition.
final class CopyLaunch: Launch {
  private let chain: Chain
  private let transposes: Bool
  private let kernels: ChainKernelTable
  private let workers: Workers

  /// Nil when the kernel computes something.
  init?(_ kernel: PointwiseKernel, _ context: LaunchContext) throws(DeviceError) {
    let (input, output) = (context.inputs.first, try context.output(0))
    guard kernel.expressions == [.input(0)], let input, input.slice.elementType == output.slice.elementType,
      var from = kernel.inputStrides.first
    else { return nil }
    kernels = context.kernels.chains
    workers = context.workers

    // A copy may take its axes in any order. Where the input is contiguous along another axis than the output,
    // that one becomes the last row axis, and both are walked in tiles.
    var (extents, to) = (kernel.extents, kernel.outputStrides)
    let inner = extents.count - 1
    let contiguous = extents.indices.first { from[$0] == 1 && extents[$0] > 1 }
    if let contiguous, contiguous != inner, to[inner] == 1 {
      extents.insert(extents.remove(at: contiguous), at: inner - 1)
      from.insert(from.remove(at: contiguous), at: inner - 1)
      to.insert(to.remove(at: contiguous), at: inner - 1)
      transposes = true
    } else {
      transposes = false
    }
    if extents.count == 1 {
      extents.insert(1, at: 0)
      from.insert(0, at: 0)
      to.insert(0, at: 0)
    }
    chain = Chain(
      [.input(0)],
      inputs: [Chain.Operand(input, rowStrides: from.dropLast(), columnStride: from[from.count - 1])],
      outputs: [Chain.Operand(output, rowStrides: to.dropLast(), columnStride: to[to.count - 1])],
      rowExtents: extents.dropLast(), columns: extents[extents.count - 1])
  }

  func run(_ arguments: StepArguments) {
    chain.begin(arguments)
    let plan = UnsafePointer(chain.plan)
    workers.areas(plan.pointee, work: chain.work) { _, area in kernels.copy(plan, area, transposes) }
  }
}
