import ApusGraph
import ApusLayers
import ApusTestSupport
import Testing

/// Losses against PyTorch's.
@Suite struct LossTests {
  /// A model without parameters; the losses are computed of the input itself.
  private let nothing = Activation.identity

  private static let others: [String: [Double]] = [
    "labels": [2, 0, 1, 4], "class weights": [0.5, 1, 2, 0.25, 1.5],
    "targets": LayerReference.contents(20, seed: 50).map { ($0 + 1) / 2 },
    "contents": LayerReference.contents(20, seed: 50), "steps": LayerReference.steps(20, seed: 50),
  ]

  private func compare(_ name: String, isStepped: Bool = false, _ loss: @escaping (Tensor) -> Tensor) throws {
    try LayerReference.compare(
      name, nothing, [4, 5], input: isStepped ? LayerReference.steps(20, seed: 0) : nil, others: Self.others,
      function: loss)
  }

  private func other(_ name: String, _ x: Tensor) -> Tensor { x.graph.input(name, [4, 5]) }

  @Test(arguments: [0, 0.1], [false, true])
  func crossEntropies(smoothing: Double, isWeighted: Bool) throws {
    let settings = (smoothing > 0 ? ", smoothed" : "") + (isWeighted ? ", weighted" : "")
    func operands(_ x: Tensor) -> (labels: Tensor, weights: Tensor?) {
      (x.graph.input("labels", [4], .int32), isWeighted ? x.graph.input("class weights", [5]) : nil)
    }
    try compare("cross-entropy\(settings)") { x in
      let (labels, weights) = operands(x)
      return crossEntropy(x, labels: labels, smoothing: smoothing, classWeights: weights)
    }
    try compare("mean cross-entropy\(settings)") { x in
      let (labels, weights) = operands(x)
      return meanCrossEntropy(x, labels: labels, smoothing: smoothing, classWeights: weights)
    }
  }

  @Test(arguments: [-0.1, 1, Double.nan])
  func smoothingIsChecked(smoothing: Double) {
    #expect(throws: GraphError.self) {
      try Graph.trace { graph in
        crossEntropy(graph.input("x", [4, 5]), labels: graph.input("labels", [4], .int32), smoothing: smoothing)
      }
    }
  }

  @Test func binaryCrossEntropies() throws {
    try compare("sigmoid cross-entropy") { sigmoidCrossEntropy(8 * $0, targets: other("targets", $0)) }
    try compare("binary cross-entropy") { binaryCrossEntropy(0.45 * $0 + 0.5, targets: other("targets", $0)) }
  }

  /// Where a probability is exactly 0 or 1, a logarithm is infinite: the loss ends at 100 and its gradient stays a number.
  @Test func certaintiesCostAHundred() throws {
    let (x, losses) = try Graph.trace { graph in
      let x = graph.input("x", [5])
      return (x, binaryCrossEntropy(x, targets: graph.input("targets", [5])))
    }
    var executor = ReferenceExecutor()
    executor.contents = ["x": [0, 0, 1, 1, 0], "targets": [0, 1, 0, 1, 0.25]]
    let values = executor.evaluate([losses] + gradient(of: losses.sum(), with: [x]))
    #expect(values[0] == [0, 100, 100, 0, 25])
    #expect(values[1] == [1, 0, 0, -1, 0.75])
  }

  @Test func regressionErrors() throws {
    try compare("mean squared error") { meanSquaredError($0, other("contents", $0)) }
    try compare("absolute error", isStepped: true) { absoluteError($0, other("steps", $0)) }
    try compare("Huber's error, 1", isStepped: true) { huberError($0, other("steps", $0)) }
    try compare("Huber's error, 0.5", isStepped: true) { huberError($0, other("steps", $0), delta: 0.5) }
  }

  @Test func divergenceOfAGaussian() throws {
    try LayerReference.compare("divergence of a Gaussian", nothing, [2, 3, 4]) { x in
      func part(_ index: Int) -> Tensor { x.slice(index..<index + 1).reshaped(to: [3, 4]) }
      return gaussianDivergence(mean: part(0), logVariance: part(1))
    }
  }
}
