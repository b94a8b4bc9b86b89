/// The arenas that one update reads and writes, over the range that one thread has to do.
package struct UpdateOperands {
  /// Computes the update of one optimizer over a range.
  package typealias Loop = @Sendable (_ operands: UpdateOperands) -> Void

  package var parameters: UnsafeMutablePointer<Float>
  package var gradients: UnsafePointer<Float>
  /// The optimizer's states; those that it does not have may point anywhere.
  package var states: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  package var count: Int
  /// How many elements ahead lines of memory are fetched; 0 for not at all.
  package var ahead: Int
  /// What every gradient is multiplied by first; 1 where gradients are not clipped.
  package var gradientScale: Float
  /// The step's scalars, in the order of `Uniforms.names`.
  package var uniforms: UnsafePointer<Float>

  package init(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    states: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>), count: Int,
    ahead: Int, gradientScale: Float, uniforms: UnsafePointer<Float>
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.states = states
    self.count = count
    self.ahead = ahead
    self.gradientScale = gradientScale
    self.uniforms = uniforms
  }

  /// The part that begins at an element and has so many.
  package func slice(_ range: Range<Int>) -> UpdateOperands {
    let first = range.lowerBound
    var part = self
    part.parameters += first
    part.gradients += first
    part.states = (states.0 + first, states.1 + first, states.2 + first)
    part.count = range.count
    return part
  }
}
