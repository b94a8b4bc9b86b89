import ApusExpression

/// Clipping by the global norm: when all gradients together are longer than a limit, all are scaled down to it.
///
/// Backends sum the squares of the whole gradient arena on the device and multiply each gradient by `scale` as the
/// optimizer's update reads it.
///
/// Source: Pascanu et al., "On the difficulty of training recurrent neural networks", ICML 2013, arXiv:1211.5063; the
/// form of `torch.nn.utils.clip_grad_norm_`.
public struct GlobalNormClipping: Sendable, Hashable {
  /// The largest norm that gradients keep.
  public let maximumNorm: Double

  /// Clips to a norm.
  ///
  /// - Throws: `OptimizerError` unless the norm is above 0 and finite.
  public init(maximumNorm: Double) throws(OptimizerError) {
    guard AllowedRange.positive.contains(maximumNorm) else {
      throw .invalidValue(
        owner: "clipping", name: "maximum norm", value: "\(maximumNorm)", allowed: AllowedRange.positive.description)
    }
    self.maximumNorm = maximumNorm
  }

  /// What every gradient is multiplied by: `min(1, maximumNorm / (norm + 1e-6))`, NaN when the norm is NaN.
  @inlinable @inline(__always)
  public static func scale<F: Formula>(sumOfSquares: F, maximumNorm: F) -> F {
    F.min(maximumNorm / (F.sqrt(sumOfSquares) + F(1e-6)), 1)
  }
}
