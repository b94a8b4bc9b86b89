import ApusGraph
import ApusLayers
import Testing

@Suite struct ModuleTests {
  @Test func perceptronsAreNamedLikeTorchs() throws {
    let model = Perceptron(inputs: 784, hidden: [200, 100], outputs: 10)
    let trace = try Trace(model, isTraining: true) { graph in model(graph.input("x", [5, 28, 28])) }
    #expect(
      trace.parameters.map(\.name) == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "layers.2.weight", "layers.2.bias",
      ])
    #expect(trace.parameters.map(\.shape) == [[200, 784], [200], [100, 200], [100], [10, 100], [10]])
    #expect(trace.parameters.map(\.fanIn) == [784, 784, 200, 200, 100, 100])
    #expect(trace.result.shape == [5, 10])
  }

  @Test func noHiddenLayerIsLogisticRegression() throws {
    let model = Perceptron(inputs: 4, hidden: [], outputs: 3)
    let trace = try Trace(model, isTraining: true) { graph in model(graph.input("x", [2, 4])) }
    #expect(trace.parameters.map(\.name) == ["layers.0.weight", "layers.0.bias"])
  }

  private struct Tied: Module {
    let shared = Linear(8, 8, bias: false)
    let tail = Sequential(Linear(8, 2), Activation.tanh)

    func callAsFunction(_ x: Tensor) -> Tensor { tail(shared(shared(x))) }
  }

  @Test func partsThatAreUsedTwiceShareTheirParameters() throws {
    let model = Tied()
    let trace = try Trace(model, isTraining: true) { graph in model(graph.input("x", [3, 8])) }
    #expect(
      trace.parameters.map(\.name) == ["shared.weight", "tail.0.weight", "tail.0.bias"])
  }

  private struct Nameless: Module {
    func callAsFunction(_ x: Tensor) -> Tensor { Linear(8, 2)(x) }
  }

  @Test func layersThatAreNotStoredAreRefused() {
    let error = #expect(throws: GraphError.self) {
      try Trace(Nameless(), isTraining: true) { graph in Nameless()(graph.input("x", [3, 8])) }
    }
    #expect("\(error.map(String.init(describing:)) ?? "")".contains("Linear is not a stored property of the model"))
  }

  @Test func linearKeepsLeadingAxes() throws {
    let linear = Linear(6, 4)
    let trace = try Trace(linear, isTraining: false) { graph in linear(graph.input("x", [2, 3, 6])) }
    #expect(trace.result.shape == [2, 3, 4])
  }

  @Test func aWrongWidthIsAnErrorWithBothShapes() {
    let linear = Linear(6, 4)
    let error = #expect(throws: GraphError.self) {
      try Trace(linear, isTraining: false) { graph in linear(graph.input("x", [2, 5])) }
    }
    let text = error.map { String(describing: $0) } ?? ""
    #expect(text.contains("[2, 5]") && text.contains("[4, 6]") && text.contains("ModuleTests.swift"), "\(text)")
  }
}
