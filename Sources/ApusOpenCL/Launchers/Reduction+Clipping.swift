import ApusExpression
import ApusOptimizers

extension Reduction {
  /// What every gradient is multiplied by for its global norm to stay below a limit, uniform 0.
  ///
  /// - Parameters:
  ///   - gradients: the whole gradient arena.
  ///   - output: one float, the `gradientScale` of an update.
  package static func clippingScale(gradients: TensorView, output: MemoryRange) -> Reduction {
    Reduction(
      .sum, of: .input(0) * .input(0), inputs: [gradients], axes: Set(gradients.shape.indices), output: output,
      finish: GlobalNormClipping.scale(sumOfSquares: .input(0), maximumNorm: .uniform(0)))
  }
}
