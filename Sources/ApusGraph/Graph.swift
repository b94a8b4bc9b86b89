/// A computation that has been traced: nodes in the order in which they were made, so operands come first.
///
/// A mistake does not interrupt the tracing. It is kept, the faulty node gets a plausible type, and
/// `validate()` throws the first one: operators can then be used without `try`, and every error is still
/// reported before anything runs.
public final class Graph {
  /// One operation with its operands.
  public struct Node {
    /// What is computed.
    public let operation: Operation
    /// The operands' positions in `nodes`.
    public let operands: [Int]
    /// The result's type.
    public let type: TensorType
    /// Where the user wrote it.
    public let location: SourceLocation
  }

  /// The nodes, operands before their users.
  public private(set) var nodes: [Node] = []

  /// The mistakes found so far, in order.
  public private(set) var errors: [GraphError] = []

  private var streams: UInt32 = 0
  private var parameters: [ParameterLeaf: Int] = [:]
  private var statistics: [StatisticLeaf: Int] = [:]

  /// The new values of statistics, to be stored when everything else has been computed.
  public private(set) var assignments: [(name: String, node: Int)] = []

  /// Whether the trace is of a training step: layers such as dropout act differently in one.
  public let isTraining: Bool

  /// What layers keep with the graph while a model is traced.
  package var attachment: AnyObject?

  /// An empty graph.
  public init(isTraining: Bool = false) { self.isTraining = isTraining }

  /// Throws the first mistake that was made while tracing.
  public func validate() throws(GraphError) {
    if let error = errors.first { throw error }
  }

  /// Traces a computation and returns what the closure returns, or throws its first mistake.
  public static func trace<Result>(_ body: (Graph) throws(GraphError) -> Result) throws(GraphError) -> Result {
    let graph = Graph()
    let result = try body(graph)
    try graph.validate()
    return result
  }

  /// A random stream that no other random leaf of this graph uses.
  public func makeRandomStream() -> UInt32 {
    streams += 1
    return streams
  }

  /// Records a mistake.
  package func report(_ message: String, at location: SourceLocation) {
    errors.append(GraphError(message, at: location))
  }

  /// Adds a node; a violated rule is recorded and the node gets the fallback type.
  func add(_ operation: Operation, _ operands: [Tensor], at location: SourceLocation) -> Tensor {
    let rule = operation.rule
    var type = operands.first?.type ?? TensorType([])
    if let foreign = operands.first(where: { $0.graph !== self }) {
      report("\(rule.name) mixes tensors of two graphs; one was made at \(foreign.location)", at: location)
      return append(.constant(Constant(value: 0)), [], type, location)
    }
    do {
      let result = try rule.type(of: operands.map(\.type))
      guard result.shape.count <= Shape.largestCount else {
        throw RuleViolation("\(result.shape) has more than \(Shape.largestCount) elements")
      }
      type = result
    } catch let violation as RuleViolation {
      let origins = Set(operands.map(\.location)).subtracting([location]).map(\.description).sorted()
      let made = origins.isEmpty ? "" : " (operands made at \(origins.joined(separator: " and ")))"
      report("\(rule.name): \(violation.message)\(made)", at: location)
    } catch {
      report("\(rule.name): \(error)", at: location)
    }
    return append(operation, operands.map(\.id), type, location)
  }

  private func append(
    _ operation: Operation, _ operands: [Int], _ type: TensorType, _ location: SourceLocation
  ) -> Tensor {
    nodes.append(Node(operation: operation, operands: operands, type: type, location: location))
    return Tensor(graph: self, id: nodes.count - 1)
  }
}

extension Graph {
  /// A tensor whose contents are bound to a named buffer when a program is prepared.
  public func input(
    _ name: String, _ shape: Shape, _ elementType: ElementType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    add(.input(Input(name: name, type: TensorType(shape, elementType))), [], at: SourceLocation(file: file, line: line))
  }

  /// A trainable tensor, found by name in the parameter arena; one name and shape is always the same tensor.
  public func parameter(
    _ name: String, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let leaf = ParameterLeaf(name: name, shape: shape)
    if let known = parameters[leaf] { return Tensor(graph: self, id: known) }
    let tensor = add(.parameter(leaf), [], at: SourceLocation(file: file, line: line))
    parameters[leaf] = tensor.id
    return tensor
  }

  /// A tensor that is kept from step to step but not trained; one name and shape is always the same tensor.
  public func statistic(
    _ name: String, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let leaf = StatisticLeaf(name: name, shape: shape)
    if let known = statistics[leaf] { return Tensor(graph: self, id: known) }
    let tensor = add(.statistic(leaf), [], at: SourceLocation(file: file, line: line))
    statistics[leaf] = tensor.id
    return tensor
  }

  /// Gives a statistic another value at the end of each run; `statistic` itself stays what it was before.
  public func assign(
    _ value: Tensor, to statistic: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    let location = SourceLocation(file: file, line: line)
    guard case .statistic(let leaf) = statistic.node.operation, value.shape == leaf.shape else {
      report("assign: \(value.shape) is no value for \(statistic.shape), or that is no statistic", at: location)
      return
    }
    guard !assignments.contains(where: { $0.name == leaf.name }) else {
      report("assign: \(leaf.name) gets two values in one step; is its layer used twice?", at: location)
      return
    }
    assignments.append((leaf.name, value.id))
  }

  /// A scalar.
  public func constant(_ value: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    add(.constant(Constant(value: value)), [], at: SourceLocation(file: file, line: line))
  }
}
