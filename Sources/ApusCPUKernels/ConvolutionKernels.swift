/// The parts of convolutions that depend on the instruction set.
package struct ConvolutionKernels: Sendable {
  /// The floats of a vector; a block of channels is one or two vectors wide.
  package let lanes: Int
  /// The most rows of a register tile of two vectors, and of one.
  package let broadRows: Int
  package let narrowRows: Int

  /// Packs the weights of a block.
  package let packWeights: @Sendable (_ weights: ConvolutionWeights) -> Void
  /// Computes some rows of one image's result for one block of channels.
  package let convolve: @Sendable (UnsafePointer<ConvolutionPlan>, ConvolutionBlock) -> Void
  /// Computes a share of the weights' gradient.
  package let sumWeights: @Sendable (UnsafePointer<ConvolutionWeightPlan>, ConvolutionWeightBlock) -> Void
  /// Adds up shares in order.
  package let combineWeights: @Sendable (ConvolutionWeightPartials) -> Void
  /// Computes any of the three products where every feature has one channel, for one channel or feature.
  package let planes: @Sendable (PlaneConvolution, PlaneOperands) -> Void
  /// The steps of Winograd's way.
  package let winograd: WinogradKernels

  package init(
    lanes: Int, broadRows: Int, narrowRows: Int, packWeights: @escaping @Sendable (ConvolutionWeights) -> Void,
    convolve: @escaping @Sendable (UnsafePointer<ConvolutionPlan>, ConvolutionBlock) -> Void,
    sumWeights: @escaping @Sendable (UnsafePointer<ConvolutionWeightPlan>, ConvolutionWeightBlock) -> Void,
    combineWeights: @escaping @Sendable (ConvolutionWeightPartials) -> Void,
    planes: @escaping @Sendable (PlaneConvolution, PlaneOperands) -> Void, winograd: WinogradKernels
  ) {
    self.lanes = lanes
    self.broadRows = broadRows
    self.narrowRows = narrowRows
    self.packWeights = packWeights
    self.convolve = convolve
    self.sumWeights = sumWeights
    self.combineWeights = combineWeights
    self.planes = planes
    self.winograd = winograd
  }
}
