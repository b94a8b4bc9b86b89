import ApusCPUKernels
import ApusCompiler
import ApusExpression

/// A convolution's forward product or its input's gradient with its epilogue, which each image's planes pass through as
/// they become final.
final class ConvolutionLaunch: Launch {
  private let product: any ConvolutionProduct
  private let source: OperandAddress
  private let weights: OperandAddress
  private let output: OperandAddress
  private let workers: Workers
  private let chain: Chain?
  private let epilogue: ConvolutionProduct.Epilogue?
  /// Bytes of a thread's scratch memory before the convolution's.
  private let chainByteCount: Int

  init(_ kernel: ConvolutionKernel, _ context: LaunchContext) throws(DeviceError) {
    source = try context.input(0)
    weights = try context.input(1)
    output = try context.floatOutput()
    workers = context.workers
    let product = kernel.product(
      context.kernels.convolution, method: context.convolutionMethod, threadCount: workers.pool.threadCount)
    self.product = product
    try workers.reserveShared(product.sharedCount)
    guard let expression = kernel.epilogue else {
      chain = nil
      epilogue = nil
      chainByteCount = 0
      try workers.reserve(product.scratchCount * 4)
      return
    }
    let shape = kernel.resultShape
    let strip = Chain.Operand.strip(rowAxes: 2)
    let extras = zip(context.inputs.dropFirst(2), kernel.extras).map {
      Chain.Operand($0, rowStrides: [$1.imageStride, $1.channelStride], columnStride: $1.pixelStride)
    }
    let (channels, plane) = (shape[1], shape[2] * shape[3])
    let chain = Chain(
      [expression], inputs: [strip] + extras, outputs: [strip], rowExtents: [shape[0], channels], columns: plane)
    self.chain = chain
    chainByteCount = (chain.plan.pointee.scratchByteCount + 63) / 64 * 64
    try workers.reserve(chainByteCount + product.scratchCount * 4)
    let columns = product.columns
    epilogue = { [workers, evaluate = context.kernels.chains.evaluate] worker, image, some, rows, result in
      let area = ChainArea(
        firstRow: image * channels + some.lowerBound, rows: some.count, firstColumn: rows.lowerBound * columns,
        columns: rows.count * columns, strip: result, stripStride: plane)
      evaluate(chain.plan, area, workers.scratch(of: worker))
    }
  }

  func run(_ arguments: StepArguments) {
    chain?.begin(arguments)
    product.run(
      source: UnsafePointer(source.pointer.assumingMemoryBound(to: Float.self)),
      weights: UnsafePointer(weights.pointer.assumingMemoryBound(to: Float.self)),
      result: output.pointer.assumingMemoryBound(to: Float.self), shared: workers.shared, on: workers,
      scratch: { (self.workers.scratch(of: $0) + self.chainByteCount).assumingMemoryBound(to: Float.self) },
      epilogue: epilogue)
  }
}

/// The gradient of a convolution's weights.
final class ConvolutionWeightLaunch: Launch {
  private let product: any ConvolutionWeightGradient
  private let input: OperandAddress
  private let gradient: OperandAddress
  private let output: OperandAddress
  private let workers: Workers

  init(_ kernel: ConvolutionKernel, _ context: LaunchContext) throws(DeviceError) {
    input = try context.input(0)
    gradient = try context.input(1)
    output = try context.floatOutput()
    workers = context.workers
    product = kernel.weightGradient(context.kernels.convolution, method: context.convolutionMethod)
    try workers.reserveShared(product.sharedCount)
    try workers.reserve(product.scratchCount * 4)
  }

  func run(_ arguments: StepArguments) {
    product.run(
      input: UnsafePointer(input.pointer.assumingMemoryBound(to: Float.self)),
      gradient: UnsafePointer(gradient.pointer.assumingMemoryBound(to: Float.self)),
      result: output.pointer.assumingMemoryBound(to: Float.self), shared: workers.shared, on: workers,
      scratch: { self.workers.scratch(of: $0).assumingMemoryBound(to: Float.self) })
  }
}
