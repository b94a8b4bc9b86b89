import ApusCompiler
import ApusExpression
import ApusGraph
import ApusOptimizers

/// Some steps of an optimizer on gradients that shrink and change sign, compared with its formula in double precision.
public struct UpdateCase: Sendable, CustomStringConvertible {
  /// The optimizer, with its default hyperparameters.
  public let kind: OptimizerKind
  /// Parameters, one over a multiple of every vector's width.
  static let count = 1031
  static let steps = 5

  /// Every optimizer of the registry.
  public static var all: [UpdateCase] { OptimizerKind.allCases.map { UpdateCase(kind: $0) } }

  public var description: String { "update \(kind.rawValue)" }

  /// The largest error of parameters and states after the steps, relative as `ConformanceCase.tolerance` is.
  public func error(on backend: any Backend) throws -> Double {
    let (expected, actual) = (try values(on: ReferenceBackend()), try values(on: backend))
    return zip(actual, expected).map { ConformanceValues.error($0, $1) }.max() ?? 0
  }

  private func values(on backend: any Backend) throws -> [[Double]] {
    let optimizer = try kind.make()
    let graph = Graph()
    _ = graph.parameter("weights", [Self.count])
    let program = try compile(graph, update: .init(optimizer: kind.type))
    var buffers: [String: any DeviceBuffer] = [:]
    for declaration in program.buffers {
      buffers[declaration.name] = try backend.makeBuffer(byteCount: declaration.count * 4, label: declaration.name)
    }
    let philox = Philox(seed: 5)
    func draw(_ stream: UInt32, _ step: Int, scale: Float) -> [Float] {
      (0..<Self.count).map { (philox.uniform(element: $0, step: UInt32(step), stream: stream) - 0.5) * scale }
    }
    try buffers[ProgramInterface.parameters]?.write(draw(0, 0, scale: 2))
    let executable = try backend.prepare(program, buffers: buffers)
    for step in 1...Self.steps {
      try buffers[ProgramInterface.gradients]?.write(draw(1, step, scale: 1 / Float(step)))
      let rate = kind.type.defaultLearningRate
      let values = optimizer.uniforms(step: step, learningRate: rate, initialLearningRate: rate).values
      try executable.run(StepArguments(uniforms: Uniforms { Float(values[$0]) }))
      try backend.synchronize()
    }
    let names = [ProgramInterface.parameters] + kind.type.stateNames.map(ProgramInterface.state)
    return try names.map { try buffers[$0]?.read(Float.self, count: Self.count).map(Double.init) ?? [] }
  }
}
