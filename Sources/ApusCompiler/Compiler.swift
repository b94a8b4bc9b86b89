import ApusGraph
import ApusOptimizers

/// Where a graph's tensors meet the world outside the graph.
public struct ProgramInterface: Sendable {
  /// An input's place in a buffer that is not named after it, or that moves from step to step.
  public struct Binding: Sendable {
    /// The buffer's name.
    public var buffer: String
    /// The first element.
    public var offset: Int
    /// The name of the step's offset that is added, and how many elements one unit of it is.
    public var dynamicOffset: (name: String, stride: Int)?

    /// A place in a buffer.
    public init(buffer: String, offset: Int = 0, dynamicOffset: (name: String, stride: Int)? = nil) {
      self.buffer = buffer
      self.offset = offset
      self.dynamicOffset = dynamicOffset
    }
  }

  /// The optimizer's part of a step.
  public struct Update: Sendable {
    /// The rule.
    public var optimizer: any Optimizer.Type
    /// The largest global norm of the gradients; nil for no clipping.
    public var maximumNorm: Double?
    /// The parameters that weight decay applies to.
    public var decayed: DecayedParameters

    /// An update by a rule.
    public init(
      optimizer: any Optimizer.Type, maximumNorm: Double? = nil, decayed: DecayedParameters = .all
    ) {
      self.optimizer = optimizer
      self.maximumNorm = maximumNorm
      self.decayed = decayed
    }
  }

  /// Inputs that are bound elsewhere than to the start of the buffer of their own name.
  public var inputs: [String: Binding] = [:]

  /// An interface in which each input is the buffer of its own name.
  public init() {}

  /// The name of the buffer that holds all parameters.
  public static let parameters = "parameters"
  /// The name of the buffer that holds what a model keeps from step to step without training it.
  public static let statistics = "statistics"
  /// The name of the buffer that holds all gradients.
  public static let gradients = "gradients"
  /// The name of the buffer that holds one of an optimizer's states for all parameters.
  public static func state(_ name: String) -> String { "state." + name }
}

/// A tensor that a program leaves in a buffer.
public struct ProgramOutput {
  /// What is computed.
  public let tensor: Tensor
  /// Where it is left.
  public let binding: ProgramInterface.Binding

  /// A tensor and its place.
  public init(_ tensor: Tensor, to binding: ProgramInterface.Binding) {
    self.tensor = tensor
    self.binding = binding
  }
}

/// Makes a program from a graph.
///
/// - Parameters:
///   - graph: validated here.
///   - arena: where the graph's parameters lie; nil lays them out anew.
///   - statistics: where the graph's statistics lie; nil lays them out anew. Their new values are stored behind
///     everything that reads them.
///   - outputs: what the program computes and where it leaves it.
///   - gradients: parameters' gradients by name, left in the gradient arena.
///   - update: the optimizer's update, run behind everything else.
///   - interface: where inputs are bound.
///   - maximumBufferSize: the device's largest buffer in bytes.
/// - Throws: `CompilationError` for a mistake in the graph or for two outputs in one place.
public func compile(
  _ graph: Graph, arena: ParameterArena? = nil, statistics: ParameterArena? = nil, outputs: [ProgramOutput] = [],
  gradients: [(name: String, tensor: Tensor)] = [], update: ProgramInterface.Update? = nil,
  interface: ProgramInterface = ProgramInterface(), maximumBufferSize: Int = .max
) throws(CompilationError) -> Program {
  if let mistake = graph.errors.first { throw CompilationError(mistake.description) }
  let arena = if let arena { arena } else { try ParameterArena(graph) }
  let statistics = if let statistics { statistics } else { try ParameterArena(statisticsOf: graph) }
  var outputs = outputs
  for assignment in graph.assignments {
    guard let entry = statistics[assignment.name] else {
      throw CompilationError("the statistic \(assignment.name) has no place in its arena")
    }
    outputs.append(
      ProgramOutput(
        Tensor(graph: graph, id: assignment.node), to: .init(buffer: ProgramInterface.statistics, offset: entry.offset))
    )
  }
  for (name, tensor) in gradients {
    guard let entry = arena[name], entry.shape == tensor.shape else {
      throw CompilationError("the gradient \(tensor.shape) of \(name) does not fit the parameter arena")
    }
    outputs.append(
      ProgramOutput(tensor, to: .init(buffer: ProgramInterface.gradients, offset: entry.offset)))
  }

  var canonical = Canonicalization(graph, outputs: outputs.map(\.tensor.id))
  let results = outputs.map { canonical.operand(forOutput: $0.tensor.id, of: graph) }
  let fusion = Fusion(canonical.computations, outputs: Set(results.map(\.node)))

  var bindings = BufferTable()
  var bound: [Int: BufferSlice] = [:]
  var read: Set<String> = []
  for (index, computation) in fusion.computations.enumerated() {
    switch computation?.body {
    case .input(let input)?:
      let binding = interface.inputs[input.name] ?? .init(buffer: input.name)
      bound[index] = try bindings.slice(binding, input.type.elementType, input.type.shape.count)
      read.insert(binding.buffer)
    case .parameter(let leaf)?:
      guard let entry = arena[leaf.name], entry.shape == leaf.shape else {
        throw CompilationError("the parameter \(leaf.name) \(leaf.shape) does not fit the parameter arena")
      }
      bound[index] = try bindings.slice(
        .init(buffer: ProgramInterface.parameters, offset: entry.offset), .float32, leaf.shape.count)
      read.insert(ProgramInterface.parameters)
    case .statistic(let leaf)?:
      guard let entry = statistics[leaf.name], entry.shape == leaf.shape else {
        throw CompilationError("the statistic \(leaf.name) \(leaf.shape) does not fit its arena")
      }
      bound[index] = try bindings.slice(
        .init(buffer: ProgramInterface.statistics, offset: entry.offset), .float32, leaf.shape.count)
      read.insert(ProgramInterface.statistics)
    default: break
    }
  }

  // A result is computed right where it is wanted, unless it is a view, wanted twice, or would overwrite a
  // buffer that is read: then it is copied at the end.
  var copies: [(operand: Computation.Operand, slice: BufferSlice, label: String)] = []
  for (output, result) in zip(outputs, results) {
    let slice = try bindings.slice(output.binding, output.tensor.elementType, output.tensor.shape.count)
    let isWhole = fusion.computations[result.node].map { $0.type.shape.count == result.layout.count } ?? false
    if isWhole, result.layout.isContiguous, result.layout.offset == 0, bound[result.node] == nil,
      !read.contains(output.binding.buffer)
    {
      bound[result.node] = slice
    } else {
      copies.append((result, slice, "copy to \(output.binding.buffer)"))
    }
  }

  var emission = Emission(fusion, bound: bound)
  for copy in copies { emission.copy(copy.operand, to: copy.slice, label: copy.label) }
  if let update {
    func whole(_ buffer: String) throws(CompilationError) -> BufferSlice {
      try bindings.slice(.init(buffer: buffer), .float32, arena.count)
    }
    var states: [BufferSlice] = []
    for name in update.optimizer.stateNames { states.append(try whole(ProgramInterface.state(name))) }
    emission.update(
      update, arena, parameters: try whole(ProgramInterface.parameters),
      gradients: try whole(ProgramInterface.gradients), states: states)
  }
  let (instructions, plan) = emission.planned(maximumSlab: maximumBufferSize)
  return Program(
    buffers: bindings.declarations, workspaces: plan.slabs, instructions: instructions,
    offsetNames: bindings.offsetNames, workspaceWithoutReuse: plan.total)
}

/// The persistent buffers met so far, in the order of their first use.
private struct BufferTable {
  private(set) var declarations: [BufferDeclaration] = []
  private(set) var offsetNames: [String] = []
  private var positions: [String: Int] = [:]

  mutating func slice(
    _ binding: ProgramInterface.Binding, _ elementType: ElementType, _ count: Int
  ) throws(CompilationError) -> BufferSlice {
    let needed = binding.offset + count
    let position: Int
    if let known = positions[binding.buffer] {
      position = known
      let declaration = declarations[known]
      guard declaration.elementType == elementType else {
        throw CompilationError(
          "the buffer \(binding.buffer) is used as \(declaration.elementType.rawValue) and as \(elementType.rawValue)")
      }
      declarations[known] = BufferDeclaration(
        name: binding.buffer, elementType: elementType, count: max(declaration.count, needed))
    } else {
      position = declarations.count
      positions[binding.buffer] = position
      declarations.append(BufferDeclaration(name: binding.buffer, elementType: elementType, count: needed))
    }
    let dynamic = binding.dynamicOffset.map { offset -> BufferSlice.DynamicOffset in
      let slot = offsetNames.firstIndex(of: offset.name) ?? offsetNames.count
      if slot == offsetNames.count { offsetNames.append(offset.name) }
      return BufferSlice.DynamicOffset(slot: slot, stride: offset.stride)
    }
    return BufferSlice(
      location: .buffer(position), elementType: elementType, offset: binding.offset, count: count,
      dynamicOffset: dynamic)
  }
}
