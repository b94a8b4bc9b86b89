import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// The products of a convolution in which every feature reads one channel: one channel, or one feature, of one image in
/// a task, pixels in the vectors' lanes.
struct ConvolutionPlanes: ConvolutionProduct, ConvolutionWeightGradient {
  private let shape: ConvolutionShape
  private let convolution: PlaneConvolution
  private let kernels: ConvolutionKernels
  /// The features that read one channel.
  private let features: Int

  /// Nil where channels in the lanes are the better choice.
  init?(_ kernel: ConvolutionKernel, kernels: ConvolutionKernels) {
    let (shape, window) = (kernel.shape, kernel.shape.window)
    let reach = (0..<2).map { (window.size[$0] - 1) * window.dilation[$0] + 1 }
    guard shape.groups > 1, shape.channels == shape.groups, shape.features <= 4 * shape.groups,
      window.padding[0] < reach[0], window.padding[1] < reach[1]
    else { return nil }
    self.shape = shape
    self.kernels = kernels
    features = shape.features / shape.groups
    let product: PlaneConvolution.Product =
      switch kernel.pass {
      case .forward: .forward
      case .inputGradient: .inputGradient
      case .weightGradient: .weightGradient
      }
    convolution = PlaneConvolution(
      product: product,
      reach: PoolPlan(
        isMaximum: false, countsPadding: true, rows: shape.input[0], columns: shape.input[1],
        outputRows: shape.output[0], outputColumns: shape.output[1], windowRows: reach[0], windowColumns: reach[1],
        rowStride: window.strides[0], columnStride: window.strides[1], rowPadding: window.padding[0],
        columnPadding: window.padding[1]),
      rows: window.size[0], columns: window.size[1], rowDilation: window.dilation[0],
      columnDilation: window.dilation[1])
  }

  var sharedCount: Int { 0 }
  var scratchCount: Int { convolution.scratchCount }
  var columns: Int { convolution.product == .forward ? shape.output[1] : shape.input[1] }

  func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>,
    epilogue: Epilogue?
  ) {
    let source = UnsafeMutablePointer(mutating: source)
    let isForward = convolution.product == .forward
    run(
      input: isForward ? source : result, output: isForward ? result : source,
      weights: UnsafeMutablePointer(mutating: weights), on: workers, scratch: scratch, finish: epilogue)
  }

  func run(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>
  ) {
    run(
      input: UnsafeMutablePointer(mutating: input), output: UnsafeMutablePointer(mutating: gradient), weights: result,
      on: workers, scratch: scratch, finish: nil)
  }

  /// Any of the three: the operand that the kernel's product names is written.
  private func run(
    input: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>, finish: Epilogue?
  ) {
    let (inputPlane, outputPlane) = (shape.input[0] * shape.input[1], shape.output[0] * shape.output[1])
    let window = convolution.rows * convolution.columns
    let (inputImage, outputImage) = (shape.channels * inputPlane, shape.features * outputPlane)
    let planes = convolution.product == .inputGradient ? shape.channels : shape.features
    let images = convolution.product == .weightGradient ? 1 : shape.images
    workers.tasks(images * planes, work: shape.operationCount / 4) { worker, task in
      let (image, plane) = (task / planes, task % planes)
      let (channel, feature) =
        convolution.product == .inputGradient ? (plane, plane * features) : (plane / features, plane)
      let operands = PlaneOperands(
        input: input + image * inputImage + channel * inputPlane,
        output: output + image * outputImage + feature * outputPlane, weights: weights + feature * window,
        features: features, images: shape.images, inputImage: inputImage, outputImage: outputImage,
        scratch: UnsafeMutableRawPointer(scratch(worker)))
      kernels.planes(convolution, operands)
      guard let finish else { return }
      let isForward = convolution.product == .forward
      finish(
        worker, image, plane..<plane + 1, 0..<(isForward ? shape.output[0] : shape.input[0]),
        isForward ? operands.output : operands.input)
    }
  }
}
