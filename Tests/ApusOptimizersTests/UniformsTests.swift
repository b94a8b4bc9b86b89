import ApusExpression
import ApusOptimizers
import Foundation
import Testing

/// What is computed once per step, on the host.
@Suite struct UniformsTests {
  @Test func fieldsNamesAndValuesHaveOneOrder() {
    let uniforms = Uniforms<Double> { Double($0) }
    #expect(uniforms.values == (0..<Uniforms<Double>.count).map(Double.init))
    #expect(Uniforms<Double>.names.count == Uniforms<Double>.count)
    #expect(Set(Uniforms<Double>.names).count == Uniforms<Double>.count)
    #expect(uniforms.rate == 0 && uniforms.beta2Complement == 5 && uniforms.gate == 11)
  }

  /// NAdam's closed form of `mu(1) ⋯ mu(t)` against the product multiplied up.
  @Test(arguments: [(0.9, 0.004), (0.9999, 0.004), (0.9999, 0), (0.999, 0.3), (0, 0.004)])
  func productOfMomentaIsAFunctionOfTheStep(beta1: Double, decay: Double) throws {
    let optimizer = try NAdam(beta1: beta1, momentumDecay: decay)
    func momentum(_ step: Int) -> Double { beta1 * (1 - 0.5 * pow(0.96, Double(step) * decay)) }
    var product = 1.0
    for step in 1...3000 {
      product *= momentum(step)
      let u = optimizer.uniforms(step: step, learningRate: 1, initialLearningRate: 1)
      let rate = momentum(step + 1) / (1 - product * momentum(step + 1))
      let secondRate = (1 - momentum(step)) / (1 - product)
      #expect((u.rate - rate).magnitude <= 1e-12 * rate, "step \(step)")
      #expect((u.secondRate - secondRate).magnitude <= 1e-12 * secondRate, "step \(step)")
    }
  }

  @Test func radamTurnsAdaptiveAtStepSix() throws {
    let optimizer = try RAdam()
    let gates = (1...8).map { optimizer.uniforms(step: $0, learningRate: 1, initialLearningRate: 1).gate }
    #expect(gates == [0, 0, 0, 0, 0, 1, 1, 1])
  }

  @Test func boundsFollowTheScheduleAndCloseIn() throws {
    let optimizer = try AMSBound(finalRate: 0.1, gamma: 0.001)
    let first = optimizer.uniforms(step: 1, learningRate: 0.01, initialLearningRate: 0.01)
    #expect((first.lower - 0.1 * (1 - 1 / 1.001)).magnitude < 1e-16)
    #expect((first.upper - 100.1).magnitude < 1e-10)
    let late = optimizer.uniforms(step: 10_000_000, learningRate: 0.005, initialLearningRate: 0.01)
    #expect((late.lower - 0.05).magnitude < 1e-5)
    #expect((late.upper - 0.05).magnitude < 1e-5)
  }

  @Test func complementsAreTakenInDoublePrecision() throws {
    let u = try Adam().uniforms(step: 1, learningRate: 1, initialLearningRate: 1)
    #expect(Float(u.beta2Complement) == 0.001)
    #expect(Float(u.beta2Complement) != 1 - Float(u.beta2))
  }

  @Test func theFirstGradientIsNotDampened() throws {
    let optimizer = try Momentum(dampening: 0.25)
    #expect(optimizer.uniforms(step: 1, learningRate: 1, initialLearningRate: 1).beta1Complement == 1)
    #expect(optimizer.uniforms(step: 2, learningRate: 1, initialLearningRate: 1).beta1Complement == 0.75)
  }

  @Test func uncorrectedAdamHasConstantScalars() throws {
    let optimizer = try Adam(biasCorrection: false)
    let first = optimizer.uniforms(step: 1, learningRate: 0.3, initialLearningRate: 0.3)
    #expect(first.values == optimizer.uniforms(step: 500, learningRate: 0.3, initialLearningRate: 0.3).values)
    #expect(first.rate == 0.3 && first.rootScale == 1)
  }

  /// A gradient of exactly zero on a fresh state, with every optimizer: the parameter stays and nothing divides by zero.
  @Test(arguments: OptimizerKind.allCases)
  func zeroGradientsLeaveAFreshParameter(kind: OptimizerKind) throws {
    let settings = kind.type.hyperparameterNames.contains("weight-decay") ? ["weight-decay": "0"] : [:]
    try step(kind.make(settings))
  }

  private func step<O: Optimizer>(_ optimizer: O) throws {
    var slots = Slots<Float>(parameter: 1.5, gradient: 0)
    for t in 1...10 {
      let values = optimizer.uniforms(step: t, learningRate: 0.1, initialLearningRate: 0.1).values
      O.update(&slots, Uniforms { Float(values[$0]) })
      #expect(slots.parameter == 1.5, "\(O.name)")
    }
  }
}

extension Optimizer {
  fileprivate static var hyperparameterNames: [String] { hyperparameters.map(\.name) }
}
