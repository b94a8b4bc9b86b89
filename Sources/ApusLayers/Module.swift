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
/// `hidden.weight`, `layers.0.bias`. A part that is called twice shares its parameters.
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

/// A model's names and parameters while it is traced; kept with the graph.
final class ModuleScope {
  private var paths: [ObjectIdentifier: String] = [:]
  private(set) var declarations: [ParameterDeclaration] = []
  private var declared: Set<String> = []

  init(_ module: any Module) { visit(module, path: "") }

  func path(of owner: any ParameterOwner) -> String? { paths[ObjectIdentifier(owner)] }

  func declare(_ declaration: ParameterDeclaration) {
    if declared.insert(declaration.name).inserted { declarations.append(declaration) }
  }

  /// Names every parameter owner that is reachable through stored properties, arrays and optionals.
  private func visit(_ value: Any, path: String) {
    if let owner = value as? any ParameterOwner {
      let identity = ObjectIdentifier(owner)
      if paths[identity] != nil { return }
      paths[identity] = path
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
    let scope = graph.attachment as? ModuleScope
    guard let scope, let path = scope.path(of: self) else {
      graph.report(
        "\(Self.self) is not a stored property of the model that is traced, so its parameters have no names",
        at: SourceLocation(file: file, line: line))
      return graph.parameter(name, shape, file: file, line: line)
    }
    let full = path.isEmpty ? name : "\(path).\(name)"
    scope.declare(
      ParameterDeclaration(name: full, shape: shape, initializer: initializer, fanIn: fanIn, fanOut: fanOut))
    return graph.parameter(full, shape, file: file, line: line)
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
  }
}
