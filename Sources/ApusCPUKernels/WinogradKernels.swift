/// The parts of Winograd convolutions that depend on the instruction set.
package struct WinogradKernels: Sendable {
  /// Transforms the weights of a block.
  package let expandWeights: @Sendable (WinogradWeights) -> Void
  /// Transforms tiles of planes.
  package let expandTiles: @Sendable (WinogradExpansion) -> Void
  /// Multiplies transforms.
  package let multiply: @Sendable (WinogradProducts) -> Void
  /// Transforms products back into planes.
  package let reduceTiles: @Sendable (WinogradResult) -> Void
  /// Adds up parts of sums in order and transforms them back into weights.
  package let reduceWeights: @Sendable (WinogradSums) -> Void

  package init(
    expandWeights: @escaping @Sendable (WinogradWeights) -> Void,
    expandTiles: @escaping @Sendable (WinogradExpansion) -> Void,
    multiply: @escaping @Sendable (WinogradProducts) -> Void,
    reduceTiles: @escaping @Sendable (WinogradResult) -> Void,
    reduceWeights: @escaping @Sendable (WinogradSums) -> Void
  ) {
    self.expandWeights = expandWeights
    self.expandTiles = expandTiles
    self.multiply = multiply
    self.reduceTiles = reduceTiles
    self.reduceWeights = reduceWeights
  }
}
