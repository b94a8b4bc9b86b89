import ApusExpression
import ApusGraph
import ApusLayers
import Testing

@Suite struct InitializerTests {
  private func declarations(
    _ inputs: Int, _ outputs: Int, _ initializer: Initializer
  ) throws -> (weight: ParameterDeclaration, bias: ParameterDeclaration) {
    let linear = Linear(inputs, outputs, initializer: initializer)
    let trace = try Trace(linear, isTraining: true) { graph in linear(graph.input("x", [4, inputs])) }
    return (try #require(trace.parameters.first), try #require(trace.parameters.last))
  }

  private func values(_ declaration: ParameterDeclaration, seed: UInt64 = 7, stream: UInt32 = 0) -> [Double] {
    Initializer.values(declaration, philox: Philox(seed: seed), stream: stream).map(Double.init)
  }

  private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot())
  }

  /// For a layer of 300 inputs and 200 outputs.
  @Test(arguments: [
    ("standard", 1 / 300.0.squareRoot()), ("uniform:0.2", 0.2), ("kaiming-uniform", 0.02.squareRoot()),
    ("xavier-uniform", (6.0 / 500).squareRoot()),
  ])
  func uniformOnesFillTheirRange(text: String, bound: Double) throws {
    let weight = try declarations(300, 200, Initializer(parsing: text)).weight
    let values = values(weight)
    #expect(values.count == 60_000)
    #expect(values.allSatisfy { $0.magnitude <= bound * (1 + 1e-6) })
    let largest = values.map(\.magnitude).max() ?? 0
    #expect(largest > 0.999 * bound)
    let (mean, deviation) = moments(values)
    // Four standard errors of the mean, and of the deviation of a uniform distribution.
    #expect(mean.magnitude < 4 * bound / 3.0.squareRoot() / 60_000.0.squareRoot())
    #expect((deviation / (bound / 3.0.squareRoot()) - 1).magnitude < 0.0073)
  }

  @Test(arguments: [
    ("normal:0.01", 0.01), ("kaiming-normal", (2.0 / 300).squareRoot()), ("xavier-normal", (2.0 / 500).squareRoot()),
  ])
  func normalOnesHaveTheirMoments(text: String, expected: Double) throws {
    let values = try values(declarations(300, 200, Initializer(parsing: text)).weight)
    let (mean, deviation) = moments(values)
    #expect(mean.magnitude < 4 * expected / 60_000.0.squareRoot())
    #expect((deviation / expected - 1).magnitude < 0.0116)
    func share(within deviations: Double) -> Double {
      Double(values.count { $0.magnitude < deviations * expected }) / Double(values.count)
    }
    #expect((share(within: 1) - 0.6827).magnitude < 0.0076)
    #expect((share(within: 2) - 0.9545).magnitude < 0.0034)
    #expect((share(within: 3) - 0.9973).magnitude < 0.0009)
    // Neighbours come from one pair of uniform numbers, and still do not go together.
    let products = stride(from: 0, to: values.count - 1, by: 2).map { values[$0] * values[$0 + 1] }
    let correlation = products.reduce(0, +) / Double(products.count) / (expected * expected)
    #expect(correlation.magnitude < 4 / Double(products.count).squareRoot())
  }

  @Test(arguments: [("zeros", 0.0), ("ones", 1.0), ("constant:0.25", 0.25), ("normal:0.0", 0.0)])
  func constantOnesAreConstant(text: String, expected: Double) throws {
    let values = try values(declarations(3, 5, Initializer(parsing: text)).weight)
    #expect(values.count == 15)
    #expect(values.allSatisfy { $0 == expected })
  }

  @Test func biasesStartAsTorchDoesOrAtZero() throws {
    let standard = try values(declarations(300, 200, .standard).bias)
    #expect(standard.count == 200)
    #expect(standard.allSatisfy { $0.magnitude <= 1 / 300.0.squareRoot() })
    #expect(Set(standard).count > 190)
    for initializer: Initializer in [.normal(0.01), .kaimingUniform, .xavierNormal, .constant(1)] {
      #expect(try values(declarations(300, 200, initializer).bias).allSatisfy { $0 == 0 })
    }
  }

  @Test func seedsAndStreamsDrawAfreshAndRepeatably() throws {
    for initializer: Initializer in [.standard, .normal(1)] {
      let weight = try declarations(20, 10, initializer).weight
      #expect(values(weight) == values(weight))
      #expect(values(weight) != values(weight, seed: 8))
      #expect(values(weight) != values(weight, stream: 1))
    }
  }

  @Test(arguments: [
    "standard", "normal:0.01", "uniform:0.5", "kaiming-uniform", "kaiming-normal", "xavier-uniform", "xavier-normal",
    "constant:2.0",
  ])
  func textRoundTrips(text: String) throws {
    #expect(try Initializer(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "normal", "normal:", "normal:much", "normal:-1", "normal:nan", "uniform:inf", "standard:1", "kaiming",
    "zeros:0",
    "constant:nan",
  ])
  func otherTextIsRefused(text: String) {
    let error = #expect(throws: LayerError.self) { try Initializer(parsing: text) }
    #expect(error?.description.hasPrefix("'\(text)' is no initializer; known: standard, normal:DEVIATION") == true)
  }
}
