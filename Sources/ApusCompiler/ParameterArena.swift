import ApusGraph

/// Where each parameter lies in the flat arenas of parameters, gradients and optimizer states.
///
/// Parameters begin at multiples of 512 bytes; the gaps hold zeros, which every optimizer leaves at zero. Matrices (and all
/// of more dimensions) lie before vectors and scalars, so that what has to be updated alike is one stretch.
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

  /// The length of the stretch that holds the parameters of two and more dimensions, gaps included.
  public let matrixCount: Int

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
    var leaves: [(name: String, shape: Shape)] = []
    var positions: [String: Int] = [:]
    for node in graph.nodes {
      guard let leaf = leaf(node.operation) else { continue }
      if let position = positions[leaf.name] {
        guard leaves[position].shape == leaf.shape else {
          throw CompilationError(
            "\(node.location): \(leaf.name) has the shapes \(leaves[position].shape) and \(leaf.shape)")
        }
        continue
      }
      positions[leaf.name] = leaves.count
      leaves.append(leaf)
    }
    var end = 0
    var offsets = [Int](repeating: 0, count: leaves.count)
    func place(_ belongs: (Shape) -> Bool) {
      for (position, leaf) in leaves.enumerated() where belongs(leaf.shape) {
        offsets[position] = end
        end += (leaf.shape.count + Self.alignment - 1) / Self.alignment * Self.alignment
      }
    }
    place { $0.rank >= 2 }
    matrixCount = end
    place { $0.rank < 2 }
    count = end
    entries = zip(leaves, offsets).map { Entry(name: $0.name, shape: $0.shape, offset: $1) }
    self.positions = positions
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
