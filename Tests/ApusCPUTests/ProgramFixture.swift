import ApusCPU
import ApusCompiler
import ApusGraph

/// A graph compiled for a backend, with inputs by name.
struct ProgramFixture {
  let program: Program
  private(set) var buffers: [String: any DeviceBuffer] = [:]
  private let outputs: [Tensor]
  private let backend: CPUBackend

  init(_ backend: CPUBackend, update: ProgramInterface.Update? = nil, _ build: (Graph) -> [Tensor]) throws {
    let graph = Graph()
    outputs = build(graph)
    self.backend = backend
    program = try compile(
      graph, outputs: outputs.enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) }, update: update)
    for declaration in program.buffers {
      buffers[declaration.name] = try backend.makeBuffer(
        byteCount: declaration.count * declaration.elementType.byteCount, label: declaration.name)
    }
  }

  func write<Element: BitwiseCopyable>(_ elements: [Element], to name: String) throws {
    try buffers[name]?.write(elements)
  }

  func run(_ arguments: StepArguments = StepArguments()) throws {
    try backend.prepare(program, buffers: buffers).run(arguments)
  }

  func floats(_ output: Int = 0) throws -> [Float] {
    try buffers["output\(output)"]?.read(Float.self, count: outputs[output].shape.count) ?? []
  }

  func integers(_ output: Int = 0) throws -> [Int32] {
    try buffers["output\(output)"]?.read(Int32.self, count: outputs[output].shape.count) ?? []
  }

  func bytes(_ output: Int = 0) throws -> [UInt8] {
    try buffers["output\(output)"]?.read(UInt8.self, count: outputs[output].shape.count) ?? []
  }
}
