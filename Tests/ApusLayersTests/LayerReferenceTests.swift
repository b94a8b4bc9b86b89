import ApusGraph
import ApusLayers
import ApusTestSupport
import Foundation
import Testing

/// Layers and losses forward and backward against PyTorch in double precision (`Tests/Reference/layers.py`).
@Suite struct LayerReferenceTests {
  private struct File: Decodable {
    struct Row: Decodable {
      let name: String
      let outputs: [Double]
      let gradients: [String: [Double]]
    }
    let rows: [Row]
  }

  private static let file = Result {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Reference/layers.json")
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: path))
  }

  /// The generator's `contents`.
  private func contents(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { Double(($0 * $0 * 7 + $0 * (37 + 2 * seed) + seed * 101) % 64 - 32) / 32 }
  }

  private struct Stack: Module {
    let layers = [Linear(5, 4)]
    func callAsFunction(_ x: Tensor) -> Tensor { layers[0](x) }
  }

  /// Traces a row, evaluates it and compares outputs and gradients.
  private func compare(
    _ name: String, _ module: any Module, input shape: Shape, extra: [String: [Double]] = [:],
    _ build: (Tensor) -> (outputs: Tensor, loss: Tensor)
  ) throws {
    let row = try #require(try Self.file.get().rows.first { $0.name == name })
    let trace = try Trace(module, isTraining: true) { graph in
      let x = graph.input("x", shape)
      return (x, build(x))
    }
    let (x, (outputs, loss)) = trace.result
    let sources = try trace.parameters.map { declaration in
      try #require(
        trace.graph.nodes.indices.map { Tensor(graph: trace.graph, id: $0) }.first {
          if case .parameter(let leaf) = $0.node.operation { leaf.name == declaration.name } else { false }
        })
    }
    let gradients = gradient(of: loss, with: [x] + sources)
    try trace.graph.validate()

    var executor = ReferenceExecutor()
    executor.contents = extra
    executor.contents["x"] = contents(shape.count, seed: 0)
    for (index, declaration) in trace.parameters.enumerated() {
      executor.contents[declaration.name] = contents(declaration.shape.count, seed: index + 1)
    }
    let values = executor.evaluate([outputs] + gradients)
    let names = ["x"] + trace.parameters.map(\.name)
    #expect(Set(names) == Set(row.gradients.keys))
    expectClose(values[0], row.outputs, "\(name), outputs")
    for (index, name) in names.enumerated() {
      expectClose(values[index + 1], row.gradients[name] ?? [], "\(row.name), gradient by \(name)")
    }
  }

  private func expectClose(_ values: [Double], _ expected: [Double], _ what: String) {
    #expect(values.count == expected.count, "\(what)")
    for (value, reference) in zip(values, expected) {
      #expect((value - reference).magnitude <= 1e-12 * (1 + reference.magnitude), "\(what)")
    }
  }

  @Test(arguments: Activation.allCases)
  func perceptrons(activation: Activation) throws {
    let model = Perceptron(inputs: 5, hidden: [6, 4], outputs: 3, activation: activation)
    try compare(activation.rawValue, model, input: [4, 5], extra: ["labels": [2, 0, 1, 2]]) { x in
      let logits = model(x)
      return (logits, softmaxCrossEntropy(logits, labels: x.graph.input("labels", [4], .int32)).mean())
    }
  }

  @Test func linearOverLeadingAxes() throws {
    let model = Stack()
    try compare("linear", model, input: [2, 3, 5], extra: ["weights": contents(24, seed: 99)]) { x in
      let y = model(x)
      return (y, (y * x.graph.input("weights", [2, 3, 4])).sum())
    }
  }

  @Test func sigmoidCrossEntropyLoss() throws {
    let targets = contents(12, seed: 50).map { ($0 + 1) / 2 }
    try compare("sigmoid-cross-entropy", Flatten(), input: [3, 4], extra: ["targets": targets]) { x in
      let losses = sigmoidCrossEntropy(8 * x, targets: x.graph.input("targets", [3, 4]))
      return (losses, losses.mean())
    }
  }

  @Test func meanSquaredErrorLoss() throws {
    try compare("mean-squared-error", Flatten(), input: [3, 4], extra: ["b": contents(12, seed: 50)]) { x in
      let loss = meanSquaredError(x, x.graph.input("b", [3, 4]))
      return (loss, loss)
    }
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
