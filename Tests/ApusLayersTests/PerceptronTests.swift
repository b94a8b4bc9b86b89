import ApusGraph
import ApusLayers
import ApusTestSupport
import Testing

/// Linear layers and activations against PyTorch's.
@Suite struct PerceptronTests {
  @Test(arguments: Activation.allCases)
  func perceptrons(activation: Activation) throws {
    let model = Perceptron(inputs: 5, hidden: [6, 4], outputs: 3, activation: activation)
    try LayerReference.compare(activation.rawValue, model, [4, 5])
  }

  @Test func linearOverLeadingAxes() throws {
    try LayerReference.compare("linear over leading axes", Linear(5, 4), [2, 3, 5])
  }

  /// Each activation behind a layer, forward and backward, compiled and run launch by launch.
  @Test(arguments: Activation.allCases)
  func compiledActivations(activation: Activation) throws {
    let test = ConformanceCase("\(activation)", tolerance: Tolerance.network) { graph in
      let (x, weight) = (graph.input("x", [7, 5]), graph.parameter("weight", [6, 5]))
      let y = activation(matrixProduct(x, weight, transposingRight: true) + graph.parameter("bias", [6]))
      return [y] + gradient(of: (y * y).sum(), with: [x, weight])
    }
    for error in try test.errors(on: ReferenceBackend()) { #expect(error <= test.tolerance) }
  }
}
