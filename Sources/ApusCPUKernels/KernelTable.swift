import ApusOptimizers

/// The kernels of one instruction set, as each kernel module exports them.
///
/// Every kernel runs on the calling thread over the part of the work that its arguments name; sharing out the
/// work is the backend's. Kernels allocate nothing and check nothing: the addresses have to be right.
package struct KernelTable: Sendable {
  /// What the kernels need of the processor.
  package let instructionSet: InstructionSet

  /// The floats of a vector.
  package let lanes: Int

  /// The matrix product's kernels.
  package let matrix: MatrixKernels

  /// The convolutions' kernels.
  package let convolution: ConvolutionKernels

  /// The kernels of poolings, attention, sparse matrices and augmentation.
  package let images: ImageKernels

  /// The compiled update loop of an optimizer of the registry.
  package let updateLoop: @Sendable (OptimizerKind) -> UpdateOperands.Loop

  /// Multiply-adds that stay in registers, some thousands of vectors of them for each repetition; the result is stored so
  /// that they are not left out.
  package let multiplyAdds: @Sendable (_ repetitions: Int, _ result: UnsafeMutablePointer<Float>) -> Void

  /// The vectors of multiply-adds in one repetition of `multiplyAdds`.
  package static let multiplyAddsPerRepetition = 12 * 256

  /// Everything else.
  package let chains: ChainKernelTable

  package init(
    instructionSet: InstructionSet, lanes: Int, matrix: MatrixKernels, convolution: ConvolutionKernels,
    images: ImageKernels,
    updateLoop: @escaping @Sendable (OptimizerKind) -> UpdateOperands.Loop,
    multiplyAdds: @escaping @Sendable (_ repetitions: Int, _ result: UnsafeMutablePointer<Float>) -> Void,
    chains: ChainKernelTable
  ) {
    self.instructionSet = instructionSet
    self.lanes = lanes
    self.matrix = matrix
    self.convolution = convolution
    self.images = images
    self.updateLoop = updateLoop
    self.multiplyAdds = multiplyAdds
    self.chains = chains
  }
}
