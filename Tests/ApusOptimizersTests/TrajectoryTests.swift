import ApusExpression
import ApusOptimizers
import ApusTestSupport
import Testing

/// Each row of the reference against the readings of the formula.
@Suite struct TrajectoryTests {
  private static let reference = Result { try OptimizerReference.load() }

  private func rows(of kind: OptimizerKind) throws -> [OptimizerReference.Row] {
    try Self.reference.get().rows.filter { $0.optimizer == kind.rawValue }
  }

  @Test(arguments: OptimizerKind.allCases)
  func everyOptimizerHasSeveralRows(kind: OptimizerKind) throws {
    #expect(try rows(of: kind).count >= 2)
  }

  @Test(arguments: OptimizerKind.allCases)
  func doubleReadingFollowsTheReference(kind: OptimizerKind) throws {
    for row in try rows(of: kind) {
      let errors = try errors(of: row, reading: Double.self)
      #expect(errors.count == 8)
      for (step, error) in errors { #expect(error < 1e-12, "\(row), step \(step)") }
    }
  }

  @Test(arguments: OptimizerKind.allCases)
  func floatReadingFollowsTheReference(kind: OptimizerKind) throws {
    for row in try rows(of: kind) {
      for (step, error) in try errors(of: row, reading: Float.self) {
        #expect(error < 1e-5, "\(row), step \(step)")
      }
    }
  }

  /// Under the formula of another optimizer that shares the hyperparameters, at least one row has to go astray.
  @Test(arguments: [
    (OptimizerKind.momentum, OptimizerKind.nesterov), (.adam, .amsgrad), (.adam, .nadam), (.adam, .radam),
    (.adam, .adamax), (.adam, .adamw), (.adabound, .amsbound), (.adam, .adabound), (.amsgrad, .amsbound),
    (.adamw, .lion),
  ])
  func formulasAreToldApart(kind: OptimizerKind, other: OptimizerKind) throws {
    let known = other.type.hyperparameterNames
    var largest = 0.0
    for row in try rows(of: kind) {
      // A row that says nothing of a band gets one that is narrow from the first steps on.
      let band = known.contains("gamma") ? ["gamma": "0.01", "final-lr": "0.1"] : [:]
      let optimizer = try other.make(band.merging(row.settings.filter { known.contains($0.key) }) { $1 })
      largest = max(largest, try errors(of: row, by: optimizer, reading: Double.self).map(\.error).max() ?? 0)
    }
    #expect(largest > 1e-3)
  }

  @Test(arguments: OptimizerKind.allCases)
  func expressionReadingEqualsTheDoubleReading(kind: OptimizerKind) throws {
    for row in try rows(of: kind) {
      try compareExpression(with: row.makeOptimizer(), row)
    }
  }

  private func compareExpression<O: Optimizer>(with optimizer: O, _ row: OptimizerReference.Row) throws {
    // Inputs: parameter, gradient and the state; uniforms as in `Uniforms.names`.
    var symbolic = Slots<Expression>(
      parameter: .input(0), gradient: .input(1), state0: .input(2), state1: .input(3), state2: .input(4))
    O.update(&symbolic, Uniforms { Expression.uniform($0) })
    let outputs = [symbolic.parameter, symbolic.state0, symbolic.state1, symbolic.state2]
    for slot in O.stateNames.count..<3 {
      #expect(outputs[1 + slot] == .input(2 + slot), "\(O.name) moves state that it does not declare")
    }

    for element in 0..<OptimizerReference.elementCount {
      var slots = Slots<Double>(parameter: OptimizerReference.start(element), gradient: 0)
      for step in 1...OptimizerReference.stepCount {
        slots.gradient = OptimizerReference.gradient(step: step, element: element)
        let uniforms = row.uniforms(of: optimizer, step: step)
        let inputs = [slots.parameter, slots.gradient, slots.state0, slots.state1, slots.state2]
        let values = outputs.map { $0.evaluate(inputs: inputs, uniforms: uniforms.values) }
        O.update(&slots, uniforms)
        #expect(values == [slots.parameter, slots.state0, slots.state1, slots.state2], "\(row), step \(step)")
      }
    }
  }

  private func errors<F: Formula & BinaryFloatingPoint>(
    of row: OptimizerReference.Row, reading: F.Type
  ) throws -> [(step: Int, error: Double)] {
    try errors(of: row, by: row.makeOptimizer(), reading: reading)
  }

  private func errors<F: Formula & BinaryFloatingPoint, O: Optimizer>(
    of row: OptimizerReference.Row, by optimizer: O, reading: F.Type
  ) throws -> [(step: Int, error: Double)] {
    var slots = (0..<OptimizerReference.elementCount).map {
      Slots(parameter: F(OptimizerReference.start($0)), gradient: 0)
    }
    var errors: [(Int, Double)] = []
    for step in 1...OptimizerReference.stepCount {
      let values = row.uniforms(of: optimizer, step: step).values
      let uniforms = Uniforms { F(values[$0]) }
      for element in slots.indices {
        slots[element].gradient = F(OptimizerReference.gradient(step: step, element: element))
        O.update(&slots[element], uniforms)
      }
      if let error = row.error(of: slots.map(\.parameter), after: step) { errors.append((step, error)) }
    }
    return errors
  }
}

extension Optimizer {
  fileprivate static var hyperparameterNames: [String] { hyperparameters.map(\.name) }
}
