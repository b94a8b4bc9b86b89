/// A convolution in which every feature reads one channel, plane by plane.
///
/// Its rows are taken apart as a pooling's are: it is a weighted sum under a moving window.
package struct PlaneConvolution: Sendable {
  package enum Product: Sendable {
    /// One plane of the output from one of the input.
    case forward
    /// One plane of the input's gradient from all planes that were made of it.
    case inputGradient
    /// One feature's weights from all images.
    case weightGradient
  }

  package var product: Product
  /// The movement of a window as large as the weights reach.
  package var reach: PoolPlan
  /// The rows and columns of the weights, and the distances between them.
  package var rows: Int
  package var columns: Int
  package var rowDilation: Int
  package var columnDilation: Int

  package init(
    product: Product, reach: PoolPlan, rows: Int, columns: Int, rowDilation: Int, columnDilation: Int
  ) {
    self.product = product
    self.reach = reach
    self.rows = rows
    self.columns = columns
    self.rowDilation = rowDilation
    self.columnDilation = columnDilation
  }

  /// The scratch memory of a thread, in floats.
  package var scratchCount: Int { reach.scratchCount + (rows * columns + 1) * ChainPlan.lanes }
}

/// The planes of one channel or feature.
package struct PlaneOperands {
  /// The plane before the convolution, of the first image.
  package var input: UnsafeMutablePointer<Float>
  /// The planes after it, of the first image.
  package var output: UnsafeMutablePointer<Float>
  /// The weights, feature by feature.
  package var weights: UnsafeMutablePointer<Float>
  /// The features of a channel, for the input's gradient.
  package var features: Int
  /// The images, for the weights' gradient, and the floats from one to the next.
  package var images: Int
  package var inputImage: Int
  package var outputImage: Int
  package var scratch: UnsafeMutableRawPointer

  package init(
    input: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    features: Int, images: Int, inputImage: Int, outputImage: Int, scratch: UnsafeMutableRawPointer
  ) {
    self.input = input
    self.output = output
    self.weights = weights
    self.features = features
    self.images = images
    self.inputImage = inputImage
    self.outputImage = outputImage
    self.scratch = scratch
  }
}
