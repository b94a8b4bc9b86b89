import Foundation

/// A function of two variables that optimizers are shown on, with its gradient.
package struct TestFunction: Sendable {
  package let name: String
  /// How it is written.
  package let formula: String
  package let start: SIMD2<Double>
  package let minimum: SIMD2<Double>
  /// The part of the plane that is drawn.
  package let x: ClosedRange<Double>
  package let y: ClosedRange<Double>
  /// The lowest and highest level that is drawn.
  package let levels: ClosedRange<Double>
  /// Steps in the figure and in the search for a value below the threshold.
  package let drawnSteps: Int
  package let steps: Int
  package let value: @Sendable (SIMD2<Double>) -> Double
  package let gradient: @Sendable (SIMD2<Double>) -> SIMD2<Double>

  /// A long valley along x, twenty times as steep across: the example of Saito's book.
  package static let ravine = TestFunction(
    name: "Ravine", formula: "x²/20 + y²", start: [-7, 2], minimum: [0, 0], x: -8...4, y: -3...3,
    levels: 1e-2...1e1, drawnSteps: 30, steps: 1000,
    value: { $0.x * $0.x / 20 + $0.y * $0.y }, gradient: { [$0.x / 10, 2 * $0.y] })

  /// A curved valley whose floor is nearly flat.
  ///
  /// Source: Rosenbrock, "An automatic method for finding the greatest or least value of a function", The Computer
  /// Journal 3, 1960.
  package static let rosenbrock = TestFunction(
    name: "Rosenbrock", formula: "(1 − x)² + 100 (y − x²)²", start: [-1.2, 1], minimum: [1, 1], x: -1.8...1.8,
    y: -0.8...2, levels: 1e-2...1e3, drawnSteps: 4000, steps: 20_000,
    value: { p in
      let (a, b) = (1 - p.x, p.y - p.x * p.x)
      return a * a + 100 * b * b
    },
    gradient: { p in
      let b = p.y - p.x * p.x
      return [-2 * (1 - p.x) - 400 * p.x * b, 200 * b]
    })

  /// A plateau with steep walls at its corners.
  ///
  /// Source: Beale, "On an iterative method for finding a local minimum of a function of more than one variable", 1958.
  package static let beale = TestFunction(
    name: "Beale", formula: "Σ (cᵢ − x + x yⁱ)², c = 1.5, 2.25, 2.625", start: [1, 1.5], minimum: [3, 0.5],
    x: -0.5...4.5, y: -1.5...2, levels: 1e-2...1e3, drawnSteps: 1000, steps: 20_000,
    value: { p in
      bealeTerms(p).reduce(0) { $0 + $1.value * $1.value }
    },
    gradient: { p in
      bealeTerms(p).reduce(SIMD2.zero) { $0 + $1.gradient * (2 * $1.value) }
    })

  private static func bealeTerms(_ p: SIMD2<Double>) -> [(value: Double, gradient: SIMD2<Double>)] {
    [1.5, 2.25, 2.625].enumerated().map { index, constant in
      let power = Double(index + 1)
      let raised = pow(p.y, power)
      return (constant - p.x + p.x * raised, [raised - 1, p.x * power * pow(p.y, power - 1)])
    }
  }

  package static let all = [ravine, rosenbrock, beale]
}
