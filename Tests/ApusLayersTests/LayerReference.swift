import ApusGraph
import ApusLayers
import ApusTestSupport
import Foundation
import Testing

/// Values and gradients from PyTorch in double precision, which `Tests/Reference/layers.py` wrote.
struct LayerReference: Decodable {
  private struct Row: Decodable {
    let name: String
    let outputs: [Double]
    let gradients: [String: [Double]]
    let statistics: [String: [Double]]?
  }
  private let rows: [Row]

  private static let file = Result {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Reference/layers.json")
    return try JSONDecoder().decode(LayerReference.self, from: Data(contentsOf: path))
  }

  /// The generator's `contents`.
  static func contents(_ count: Int, seed: Int) -> [Double] {
    (0..<count).map { Double(($0 * $0 * 7 + $0 * (37 + 2 * seed) + seed * 101) % 64 - 32) / 32 }
  }

  /// The generator's `steps`: contents in steps of a half, of which many are equal.
  static func steps(_ count: Int, seed: Int) -> [Double] {
    contents(count, seed: seed).map { ($0 * 2).rounded(.down) / 2 }
  }

  /// Compares a row's outputs, the gradients of their weighted sum, and what a layer keeps.
  ///
  /// - Parameters:
  ///   - name: the row.
  ///   - model: the module whose parameters are named.
  ///   - shape: the input's extents.
  ///   - input: the input's elements where they are not the contents; integers have no gradient.
  ///   - isTraining: what is traced.
  ///   - others: further inputs and statistics by name.
  ///   - function: what is computed; the module when nil.
  static func compare(
    _ name: String, _ model: any Module, _ shape: Shape, input: [Double]? = nil, _ elementType: ElementType = .float32,
    isTraining: Bool = true, others: [String: [Double]] = [:], function: ((Tensor) -> Tensor)? = nil
  ) throws {
    let row = try #require(try file.get().rows.first { $0.name == name })
    let trace = try Trace(model, isTraining: isTraining) { graph in
      let x = graph.input("x", shape, elementType)
      let outputs = function?(x) ?? model(x)
      return (x: x, outputs: outputs, loss: (outputs * graph.input("output weights", outputs.shape)).sum())
    }
    let (graph, traced) = (trace.graph, trace.result)
    var sources = trace.parameters.map { ($0.name, graph.parameter($0.name, $0.shape)) }
    if elementType == .float32 { sources.append(("x", traced.x)) }
    let gradients = gradient(of: traced.loss, with: sources.map(\.1))
    try graph.validate()

    var executor = ReferenceExecutor()
    executor.contents = others
    executor.contents["x"] = input ?? contents(shape.count, seed: 0)
    executor.contents["output weights"] = contents(traced.outputs.shape.count, seed: 99)
    for (index, declaration) in trace.parameters.sorted(by: { $0.name < $1.name }).enumerated() {
      executor.contents[declaration.name] = contents(declaration.shape.count, seed: index + 1)
    }
    let assigned = graph.assignments.map { Tensor(graph: graph, id: $0.node) }
    let values = executor.evaluate([traced.outputs] + gradients + assigned)

    #expect(Set(sources.map(\.0)) == Set(row.gradients.keys), "\(name), the parameters' names")
    #expect(Set(graph.assignments.map(\.name)) == Set((row.statistics ?? [:]).keys), "\(name), the statistics' names")
    expectClose(values[0], row.outputs, "\(name), outputs")
    for ((source, _), value) in zip(sources, values.dropFirst()) {
      expectClose(value, row.gradients[source] ?? [], "\(name), gradient by \(source)")
    }
    for (assignment, value) in zip(graph.assignments, values.suffix(assigned.count)) {
      expectClose(value, row.statistics?[assignment.name] ?? [], "\(name), new \(assignment.name)")
    }
  }

  private static func expectClose(_ values: [Double], _ expected: [Double], _ what: String) {
    #expect(values.count == expected.count, "\(what)")
    let isClose = zip(values, expected).allSatisfy { ($0 - $1).magnitude <= 1e-12 * (1 + $1.magnitude) }
    #expect(isClose, "\(what): \(values) and not \(expected)")
  }
}
