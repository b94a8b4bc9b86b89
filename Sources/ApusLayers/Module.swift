import ApusGraph

/// A part of a model: a function from tensor to tensor that may own parameters.
///
/// A module is a description and holds no numbers; those live in the device's parameter arena. A model is an
/// ordinary Swift type whose stored properties are its parts:
///
/// ```swift
/// struct Classifier: Module {
///   let hidden = Linear(784, 200)
///   let output = Linear(200, 10)
///
///   func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }
/// }
/// ```
///
/// Parameters are named after the path of properties that leads to them, array elements by position:
/// `hidden.weight`, `layers.0.bias`. A module that wants other names (those of a published network, say) conforms to
/// `CustomReflectable`. A part that is called twice shares its parameters.
public protocol Module: Sendable {
  /// Applies the module.
  func callAsFunction(_ x: Tensor) -> Tensor
}

/// A module that owns parameters. It is a class because its identity is what parameters are named by.
public protocol ParameterOwner: Module, AnyObject {}

/// A trainable tensor of a model.
public struct ParameterDeclaration: Sendable, Hashable {
  /// The path of properties and the parameter's own name, such as `layers.0.weight`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// How it starts.
  public let initializer: Initializer
  /// The number of inputs that one output of the layer sums over; default initializers scale with it.
  public let fanIn: Int
  /// The number of outputs that one input of the layer reaches.
  public let fanOut: Int
}

/// A tensor that a model keeps from step to step without training it.
public struct StatisticDeclaration: Sendable, Hashable {
  /// The path of properties and the statistic's own name, such as `norm.running_mean`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// What every element starts with.
  public let initial: Double
}

/// A model's names and parameters while it is traced; kept with the graph.
final class ModuleScope {
  private var paths: [ObjectIdentifier: String] = [:]
  private(set) var declarations: [ParameterDeclaration] = []
  private(set) var statistics: [StatisticDeclaration] = []
  private var declared: Set<String> = []

  init(_ module: any Module) { visit(module, path: "") }

  func path(of owner: any ParameterOwner) -> String? { paths[ObjectIdentifier(owner)] }

  func declare(_ declaration: ParameterDeclaration) {
    if declared.insert(declaration.name).inserted { declarations.append(declaration) }
  }

  func declare(_ statistic: StatisticDeclaration) {
    if declared.insert(statistic.name).inserted { statistics.append(statistic) }
  }

  /// Names every parameter owner that is reachable through stored properties, arrays and optionals.
  private func visit(_ value: Any, path: String) {
    if let owner = value as? any ParameterOwner {
      let identity = ObjectIdentifier(owner)
      if paths[identity] != nil { return }
      paths[identity] = path
    }
    if let sequence = value as? Sequential {
      for (position, layer) in sequence.layers.enumerated() {
        visit(layer, path: path.isEmpty ? "\(position)" : "\(path).\(position)")
      }
      return
    }
    let mirror = Mirror(reflecting: value)
    for (position, child) in mirror.children.enumerated() {
      let own: String? =
        switch mirror.displayStyle {
        case .optional: nil
        case .collection, .tuple: "\(position)"
        default: child.label ?? "\(position)"
        }
      visit(child.value, path: [path.isEmpty ? nil : path, own].compactMap { $0 }.joined(separator: "."))
    }
  }
}

extension ParameterOwner {
  /// One of this module's parameters in the graph that is being traced.
  ///
  /// - Parameters:
  ///   - name: the parameter's own name, such as `weight`.
  ///   - shape: its extents.
  ///   - initializer: how it starts.
  ///   - fanIn: the number of inputs that one output sums over.
  ///   - fanOut: the number of outputs that one input reaches.
  ///   - graph: the graph, found at the tensor that the module is applied to.
  public func parameter(
    _ name: String, _ shape: Shape, _ initializer: Initializer, fanIn: Int, fanOut: Int, in graph: Graph,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let full = fullName(name, in: graph, file: file, line: line)
    (graph.attachment as? ModuleScope)?.declare(
      ParameterDeclaration(name: full, shape: shape, initializer: initializer, fanIn: fanIn, fanOut: fanOut))
    return graph.parameter(full, shape, file: file, line: line)
  }

  /// One of the tensors that this module keeps from step to step without training it. `Graph.assign` gives it another
  /// value.
  ///
  /// - Parameters:
  ///   - name: the statistic's own name, such as `running_mean`.
  ///   - shape: its extents.
  ///   - initial: what every element starts with.
  ///   - graph: the graph, found at the tensor that the module is applied to.
  public func statistic(
    _ name: String, _ shape: Shape, initial: Double, in graph: Graph, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let full = fullName(name, in: graph, file: file, line: line)
    (graph.attachment as? ModuleScope)?.declare(StatisticDeclaration(name: full, shape: shape, initial: initial))
    return graph.statistic(full, shape, file: file, line: line)
  }

  private func fullName(_ name: String, in graph: Graph, file: StaticString, line: UInt) -> String {
    guard let path = (graph.attachment as? ModuleScope)?.path(of: self) else {
      graph.report(
        "\(Self.self) is not a stored property of the model that is traced, so its parameters have no names",
        at: SourceLocation(file: file, line: line))
      return name
    }
    return path.isEmpty ? name : "\(path).\(name)"
  }
}

/// A model together with the graph of one use of it.
public struct Trace<Result> {
  /// The graph.
  public let graph: Graph
  /// What the closure returned.
  public let result: Result
  /// The model's parameters in the order in which they were met.
  public let parameters: [ParameterDeclaration]
  /// What the model keeps from step to step besides them.
  public let statistics: [StatisticDeclaration]

  /// Traces a use of a model.
  ///
  /// - Parameters:
  ///   - module: the model, by whose stored properties parameters are named.
  ///   - isTraining: whether layers such as dropout are active.
  ///   - body: builds the computation and returns the tensors of interest.
  /// - Throws: the first mistake in the model, with both shapes and the source line.
  public init(
    _ module: any Module, isTraining: Bool, _ body: (Graph) -> Result
  ) throws(GraphError) {
    graph = Graph(isTraining: isTraining)
    let scope = ModuleScope(module)
    graph.attachment = scope
    result = body(graph)
    try graph.validate()
    parameters = scope.declarations
    statistics = scope.statistics
  }
}
