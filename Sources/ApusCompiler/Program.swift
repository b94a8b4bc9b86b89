import ApusExpression
import ApusGraph
import ApusOptimizers

/// A step that is ready to run: every shape, address and fused kernel is decided.
public struct Program: Sendable {
  /// The persistent buffers that the program reads and writes, to be bound by name.
  public let buffers: [BufferDeclaration]

  /// The sizes in bytes of the slabs for intermediate values.
  public let workspaces: [Int]

  /// The launches, in order.
  public let instructions: [Instruction]

  /// The names of the offsets that change from step to step, in the order of `StepArguments.offsets`.
  public let offsetNames: [String]

  /// What the intermediate values would take without reuse, in bytes.
  public let workspaceWithoutReuse: Int

  /// What matrix products and convolutions are computed in. A backend refuses a program in a precision that it lacks.
  public var precision = Precision.float32
}

/// A persistent buffer that a program needs.
public struct BufferDeclaration: Sendable, Hashable {
  /// The name that it is bound by.
  public let name: String
  /// What it holds.
  public let elementType: ElementType
  /// The smallest number of elements that it must hold.
  public let count: Int
}

/// One launch.
public struct Instruction: Sendable {
  /// What is computed, and the geometry.
  public let kernel: Kernel
  /// Where operands are read.
  public let inputs: [BufferSlice]
  /// Where results are written. In `update` the parameters and states are read here too.
  public let outputs: [BufferSlice]
  /// What the launch is for, in plans and profiles.
  public let label: String
}

/// A stretch of a buffer.
public struct BufferSlice: Sendable, Hashable {
  /// The buffer.
  public enum Location: Sendable, Hashable {
    /// A slab of intermediate values.
    case workspace(Int)
    /// A persistent buffer, by its position in `Program.buffers`.
    case buffer(Int)
  }

  /// A distance that is multiplied by one of a step's offsets and added to the start.
  public struct DynamicOffset: Sendable, Hashable {
    /// Which of `StepArguments.offsets`.
    public let slot: Int
    /// Elements per unit of the offset.
    public let stride: Int
  }

  /// Which buffer.
  public let location: Location
  /// What it holds.
  public let elementType: ElementType
  /// The first element, in elements of `elementType`.
  public let offset: Int
  /// How many elements the stretch spans.
  public let count: Int
  /// What is added to `offset` in each step.
  public let dynamicOffset: DynamicOffset?

  /// A stretch.
  public init(
    location: Location, elementType: ElementType, offset: Int, count: Int, dynamicOffset: DynamicOffset? = nil
  ) {
    self.location = location
    self.elementType = elementType
    self.offset = offset
    self.count = count
    self.dynamicOffset = dynamicOffset
  }

  /// A part of the stretch, by positions in it.
  package func part(_ range: Range<Int>) -> BufferSlice {
    BufferSlice(
      location: location, elementType: elementType, offset: offset + range.lowerBound, count: range.count,
      dynamicOffset: dynamicOffset)
  }

  /// The first element in a given step.
  public func start(_ arguments: StepArguments) -> Int {
    dynamicOffset.map { offset + arguments.offsets[$0.slot] * $0.stride } ?? offset
  }
}

/// What changes from one run of a program to the next.
public struct StepArguments: Sendable {
  /// The run's seed: the key of every random stream.
  public var seed: UInt64
  /// The step that random streams are drawn for.
  public var step: UInt32
  /// One offset per name in `Program.offsetNames`.
  public var offsets: [Int]
  /// The optimizer's scalars.
  public var uniforms: Uniforms<Float>

  /// The arguments of one run.
  public init(seed: UInt64 = 0, step: UInt32 = 0, offsets: [Int] = [], uniforms: Uniforms<Float> = Uniforms()) {
    self.seed = seed
    self.step = step
    self.offsets = offsets
    self.uniforms = uniforms
  }
}
