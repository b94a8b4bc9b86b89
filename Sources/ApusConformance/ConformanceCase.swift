import ApusCompiler
import ApusExpression
import ApusGraph

/// One computation that every backend must get right.
public struct ConformanceCase: Sendable, CustomStringConvertible {
  /// The name in the test's output.
  public let name: String
  /// The largest accepted error, relative to the largest magnitude of the tensor (and to one at least).
  public let tolerance: Double
  /// Integer inputs are drawn below this; 0 ..< 10 by default.
  public let integerBound: Int
  private let build: @Sendable (Graph) -> [Tensor]

  public init(
    _ name: String, tolerance: Double = Tolerance.arithmetic, integerBound: Int = 10,
    build: @escaping @Sendable (Graph) -> [Tensor]
  ) {
    self.name = name
    self.tolerance = tolerance
    self.integerBound = integerBound
    self.build = build
  }

  public var description: String { name }

  /// The largest error of each output of the case on a backend, relative as `tolerance` is.
  public func errors(on backend: any Backend) throws -> [Double] {
    let (expected, actual) = try results(on: [backend])
    return zip(actual[0], expected).map { ConformanceValues.error($0, $1) }
  }

  /// The largest error of each output in a precision, against the plain executor of programs that rounds as it does.
  public func errors(on backend: any Backend, in precision: Precision) throws -> [Double] {
    guard precision != .float32 else { return try errors(on: backend) }
    let backends = try [ReferenceBackend(), backend].map { try $0.computing(in: precision) }
    let results = try results(on: backends).actual
    return zip(results[1], results[0]).map { ConformanceValues.error($0, $1) }
  }

  /// The largest accepted error in a precision: what two numbers that float32 tells apart by one unit can be rounded to
  /// is a step of the precision apart, which is twice its unit roundoff.
  public func tolerance(in precision: Precision) -> Double { tolerance + 2 * precision.unitRoundoff }

  /// The outputs by definition, and on each of several backends.
  public func results(on backends: [any Backend]) throws -> (expected: [[Double]], actual: [[[Double]]]) {
    let graph = Graph()
    let outputs = build(graph)
    var reference = ReferenceExecutor()
    reference.seed = 0x1234_5678_9ABC
    reference.step = 7
    var values = ConformanceValues()
    for node in graph.nodes {
      switch node.operation {
      case .input(let input) where reference.contents[input.name] == nil:
        reference.contents[input.name] = values.draw(input.type, below: integerBound)
      case .parameter(let leaf) where reference.contents[leaf.name] == nil:
        reference.contents[leaf.name] = values.draw(TensorType(leaf.shape), below: 1)
      case .statistic(let leaf) where reference.contents[leaf.name] == nil:
        reference.contents[leaf.name] = values.draw(TensorType(leaf.shape), below: 1)
      default: break
      }
    }
    return (reference.evaluate(outputs), try backends.map { try run(graph, outputs, reference, on: $0) })
  }

  /// The outputs on a backend, whose inputs and parameters are the reference's.
  private func run(
    _ graph: Graph, _ outputs: [Tensor], _ reference: ReferenceExecutor, on backend: any Backend
  ) throws -> [[Double]] {
    let arenas = [
      ProgramInterface.parameters: try ParameterArena(graph),
      ProgramInterface.statistics: try ParameterArena(statisticsOf: graph),
    ]
    let program = try compile(
      graph, arena: arenas[ProgramInterface.parameters], statistics: arenas[ProgramInterface.statistics],
      outputs: outputs.enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) },
      maximumBufferSize: backend.maximumBufferSize)
    var buffers: [String: any DeviceBuffer] = [:]
    for declaration in program.buffers {
      let arena = arenas[declaration.name]
      // A program may know only the first parameters of an arena.
      let count = max(declaration.count, arena?.count ?? 0)
      let buffer = try backend.makeBuffer(
        byteCount: count * declaration.elementType.byteCount, label: declaration.name)
      buffers[declaration.name] = buffer
      if let arena {
        for entry in arena.entries {
          try ConformanceValues.write(reference.contents[entry.name] ?? [], .float32, to: buffer, at: entry.offset)
        }
      } else if let contents = reference.contents[declaration.name] {
        try ConformanceValues.write(contents, declaration.elementType, to: buffer, at: 0)
      }
    }

    let executable = try backend.prepare(program, buffers: buffers)
    // Twice: the second run must not depend on what the first left behind.
    for _ in 0..<2 { try executable.run(StepArguments(seed: reference.seed, step: reference.step)) }
    try backend.synchronize()

    return try outputs.indices.map { index in
      let type = outputs[index].type
      guard let buffer = buffers["output\(index)"] else { return [] }
      return switch type.elementType {
      case .float32: try buffer.read(Float.self, count: type.shape.count).map(Double.init)
      case .int32: try buffer.read(Int32.self, count: type.shape.count).map(Double.init)
      case .uint8: try buffer.read(UInt8.self, count: type.shape.count).map(Double.init)
      }
    }
  }
}

/// The published tolerances: largest error relative to the tensor's largest magnitude, and to one at least.
public enum Tolerance {
  /// Additions, products and comparisons, no long sums.
  public static let arithmetic = 1e-6
  /// Elementary functions.
  public static let functions = 4e-6
  /// Sums of up to some thousands of terms.
  public static let sums = 2e-5
  /// Several layers forward and backward.
  public static let network = 1e-4
}

/// Reproducible contents for tests.
public struct ConformanceValues {
  private let philox = Philox(seed: 42)
  private var element = 0

  public init() {}

  /// Floats in −2 ..< 2 with a fixed share of exact zeros; integers in 0 ..< bound.
  public mutating func draw(_ type: TensorType, below bound: Int) -> [Double] {
    (0..<type.shape.count).map { _ in
      let word = philox.word(element: element, step: 0, stream: 0)
      element += 1
      switch type.elementType {
      case .float32: return word % 61 == 0 ? 0 : Double(Philox.uniform(word) * 4 - 2)
      case .int32: return Double(Int(word) % bound)
      case .uint8: return Double(word % 256)
      }
    }
  }

  static func write(_ contents: [Double], _ type: ElementType, to buffer: any DeviceBuffer, at offset: Int) throws {
    switch type {
    case .float32: try buffer.write(contents.map(Float.init), at: offset)
    case .int32: try buffer.write(contents.map { Int32($0) }, at: offset)
    case .uint8: try buffer.write(contents.map { UInt8($0) }, at: offset)
    }
  }

  /// The largest difference, relative to the largest expected magnitude and to one at least; infinite for a NaN
  /// on one side only.
  public static func error(_ actual: [Double], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    let magnitude = expected.reduce(1) { $1.isFinite ? Swift.max($0, $1.magnitude) : $0 }
    return zip(actual, expected).reduce(0) { worst, pair in
      if pair.0.isNaN && pair.1.isNaN || pair.0 == pair.1 { return worst }
      let difference = (pair.0 - pair.1).magnitude / magnitude
      return difference.isNaN ? .infinity : Swift.max(worst, difference)
    }
  }
}
