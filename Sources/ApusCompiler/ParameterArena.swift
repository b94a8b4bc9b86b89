import ApusGraph

/// Where each parameter lies in the flat arenas of parameters, gradients and optimizer states.
///
/// Parameters begin at multiples of 512 bytes; the gaps hold zeros, which every optimizer leaves at zero.
public struct ParameterArena: Sendable, Hashable {
  /// One parameter's place.
  public struct Entry: Sendable, Hashable {
    /// The parameter's name.
    public let name: String
    /// Its extents.
    public let shape: Shape
    /// Its first element.
    public let offset: Int

    /// The elements that the parameter takes.
    public var range: Range<Int> { offset..<offset + shape.count }
  }

  /// Elements between possible starts: 512 bytes, which every OpenCL device accepts as an offset.
  static let alignment = 128

  /// The parameters in the order in which the model made them.
  public let entries: [Entry]

  /// The arena's length in elements, gaps included.
  public let count: Int

  private let positions: [String: Int]

  /// The layout of a graph's parameters in the order of their first appearance.
  ///
  /// - Throws: `CompilationError` when a name stands for two shapes.
  public init(_ graph: Graph) throws(CompilationError) {
    try self.init(graph) { if case .parameter(let leaf) = $0 { (leaf.name, leaf.shape) } else { nil } }
  }

  /// The layout of a graph's statistics in the order of their first appearance.
  ///
  /// - Throws: `CompilationError` when a name stands for two shapes.
  public init(statisticsOf graph: Graph) throws(CompilationError) {
    try self.init(graph) { if case .statistic(let leaf) = $0 { (leaf.name, leaf.shape) } else { nil } }
  }

  private init(
    _ graph: Graph, leaf: (Operation) -> (name: String, shape: Shape)?
  ) throws(CompilationError) {
    var entries: [Entry] = []
    var positions: [String: Int] = [:]
    var end = 0
    for node in graph.nodes {
      guard let leaf = leaf(node.operation) else { continue }
      if let position = positions[leaf.name] {
        guard entries[position].shape == leaf.shape else {
          throw CompilationError(
            "\(node.location): \(leaf.name) has the shapes \(entries[position].shape) and \(leaf.shape)")
        }
        continue
      }
      positions[leaf.name] = entries.count
      entries.append(Entry(name: leaf.name, shape: leaf.shape, offset: end))
      end += (leaf.shape.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    self.entries = entries
    self.positions = positions
    count = end
  }

  /// A parameter's place by name.
  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// The number of trainable scalars, without the gaps.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.shape.count } }
}

/// A program that cannot be made from a graph.
public struct CompilationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What stands in the way.
  public let message: String

  /// An error with a one-line message.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
