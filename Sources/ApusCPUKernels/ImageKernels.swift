/// The kernels of poolings, attention, sparse matrices and augmentation that depend on the instruction set.
package struct ImageKernels: Sendable {
  /// Pools a range of planes, or computes what reaches them; with scratch memory of `PoolPlan.scratchCount` floats.
  package typealias PoolFunction =
    @Sendable (PoolPlan, PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> Void

  package let pool: PoolFunction
  package let poolGradient: PoolFunction

  /// Turns scores into weights.
  package let attentionWeights: @Sendable (AttentionPanel) -> Void
  /// Turns scores into weights, and gradients of weights into gradients of scores.
  package let attentionGradients: @Sendable (AttentionPanel, _ gradients: UnsafeMutablePointer<Float>) -> Void

  /// Copies a range of picked rows of a sparse matrix.
  package let sparseRows: @Sendable (SparseRowOperands, _ rows: Range<Int>) -> Void
  /// Computes a range of rows of a sparse product.
  package let sparseProduct: @Sendable (SparseProductOperands, _ rows: Range<Int>) -> Void
  /// Sums a part of the gradient of the product's table.
  package let sparseProductGradient:
    @Sendable (SparseProductOperands, _ tableRows: Range<Int>, _ columns: Range<Int>) -> Void

  /// Copies one image with its changes.
  package let augment: @Sendable (AugmentationOperands) -> Void

  package init(
    pool: @escaping PoolFunction, poolGradient: @escaping PoolFunction,
    attentionWeights: @escaping @Sendable (AttentionPanel) -> Void,
    attentionGradients: @escaping @Sendable (AttentionPanel, UnsafeMutablePointer<Float>) -> Void,
    sparseRows: @escaping @Sendable (SparseRowOperands, Range<Int>) -> Void,
    sparseProduct: @escaping @Sendable (SparseProductOperands, Range<Int>) -> Void,
    sparseProductGradient: @escaping @Sendable (SparseProductOperands, Range<Int>, Range<Int>) -> Void,
    augment: @escaping @Sendable (AugmentationOperands) -> Void
  ) {
    self.pool = pool
    self.poolGradient = poolGradient
    self.attentionWeights = attentionWeights
    self.attentionGradients = attentionGradients
    self.sparseRows = sparseRows
    self.sparseProduct = sparseProduct
    self.sparseProductGradient = sparseProductGradient
    self.augment = augment
  }
}
