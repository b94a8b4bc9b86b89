import Apus

/// The places that an optimizer visits on a test function, from its own update formula in double precision.
package struct OptimizerPath: Sendable {
  /// The start and the place after each step.
  package let points: [SIMD2<Double>]
  /// The function's value at each place.
  package let values: [Double]

  /// Runs an optimizer at a constant learning rate; ends early where numbers are no longer finite.
  package init(_ optimizer: any Optimizer, learningRate: Double, on function: TestFunction, steps: Int) {
    var slots = [function.start.x, function.start.y].map { Slots<Double>(parameter: $0, gradient: 0) }
    var points = [function.start]
    for step in 1...max(steps, 1) {
      guard let here = points.last else { break }
      let gradient = function.gradient(here)
      let uniforms = optimizer.uniforms(step: step, learningRate: learningRate, initialLearningRate: learningRate)
      slots[0].gradient = gradient.x
      slots[1].gradient = gradient.y
      for index in slots.indices { OptimizerPath.update(optimizer, &slots[index], uniforms) }
      let place = SIMD2(slots[0].parameter, slots[1].parameter)
      guard place.x.isFinite, place.y.isFinite, abs(place.x) < 1e9, abs(place.y) < 1e9 else { break }
      points.append(place)
    }
    self.points = points
    values = points.map(function.value)
  }

  private static func update<O: Optimizer>(
    _ optimizer: O, _ slots: inout Slots<Double>, _ uniforms: Uniforms<Double>
  ) {
    O.update(&slots, uniforms)
  }

  /// The first step with a value below a threshold; nil where there is none.
  package func steps(toReach threshold: Double) -> Int? { values.firstIndex { $0 < threshold } }
}
