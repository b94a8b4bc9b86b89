import ApusExpression
import ApusOptimizers
import ApusTestSupport
import Testing

@Suite struct ClippingTests {
  @Test func scaleFollowsTorch() throws {
    let clips = try OptimizerReference.load().clipping
    #expect(clips.count == 5)
    for clip in clips {
      let sum = clip.gradients.reduce(0) { $0 + $1 * $1 }
      let scale = GlobalNormClipping.scale(sumOfSquares: sum, maximumNorm: clip.maximumNorm)
      for (gradient, expected) in zip(clip.gradients, clip.clipped) {
        #expect(abs(gradient * scale - expected) <= 1e-15 * abs(expected))
      }
    }
  }

  @Test func scaleKeepsNaN() {
    #expect(GlobalNormClipping.scale(sumOfSquares: Double.nan, maximumNorm: 1).isNaN)
    #expect(GlobalNormClipping.scale(sumOfSquares: Float.infinity, maximumNorm: 1) == 0)
  }

  @Test(arguments: [0, -1, Double.nan, .infinity])
  func limitHasToBePositive(limit: Double) {
    #expect(throws: OptimizerError.self) { try GlobalNormClipping(maximumNorm: limit) }
  }
}
