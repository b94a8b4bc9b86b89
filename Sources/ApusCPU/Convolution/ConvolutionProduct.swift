import ApusCPUKernels
import ApusCompiler

/// A way of computing a convolution's forward product or the gradient of its input, ready to run any number of times.
protocol ConvolutionProduct {
  /// Called with planes of one image that have just become final: the image, the channels, the rows, and the first
  /// element.
  typealias Epilogue =
    (
      _ worker: Int, _ image: Int, _ channels: Range<Int>, _ rows: Range<Int>, _ result: UnsafeMutablePointer<Float>
    ) -> Void

  /// The floats of scratch memory that all threads share.
  var sharedCount: Int { get }
  /// The floats of scratch memory of each thread.
  var scratchCount: Int { get }
  /// The columns of a row as `Epilogue` counts rows.
  var columns: Int { get }

  /// Computes the product.
  ///
  /// - Parameter scratch: a thread's scratch memory.
  func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>,
    epilogue: Epilogue?
  )
}

/// A way of computing the gradient of a convolution's weights, ready to run any number of times.
protocol ConvolutionWeightGradient {
  /// The floats of scratch memory that all threads share.
  var sharedCount: Int { get }
  /// The floats of scratch memory of each thread.
  var scratchCount: Int { get }

  /// Computes the gradient.
  ///
  /// - Parameter scratch: a thread's scratch memory.
  func run(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    shared: UnsafeMutablePointer<Float>, on workers: Workers, scratch: (_ worker: Int) -> UnsafeMutablePointer<Float>
  )
}

extension ConvolutionKernel {
  /// The way that suits the shape: Winograd's where it is the faster one, planes where every feature reads one channel,
  /// and otherwise direct sums.
  func product(
    _ kernels: ConvolutionKernels, method: ConvolutionMethod, threadCount: Int
  ) -> any ConvolutionProduct {
    if let winograd = WinogradProduct(self, kernels: kernels, method: method, threadCount: threadCount) {
      return winograd
    }
    if let planes = ConvolutionPlanes(self, kernels: kernels) { return planes }
    return DirectProduct(self, kernels: kernels, threadCount: threadCount)
  }

  /// The same for the gradient of the weights.
  func weightGradient(_ kernels: ConvolutionKernels, method: ConvolutionMethod) -> any ConvolutionWeightGradient {
    if let winograd = WinogradWeightGradient(self, kernels: kernels, method: method) { return winograd }
    if let planes = ConvolutionPlanes(self, kernels: kernels) { return planes }
    return DirectWeightGradient(self, kernels: kernels)
  }
}
