import Apus

extension KernelBenchmark {
  /// A benchmark of the program that a graph's outputs compile to, over random inputs.
  ///
  /// - Parameters:
  ///   - indices: for each int32 input, the bound below which its numbers are drawn.
  ///   - outputs: traces the computation; each output gets a buffer of its own.
  init(
    _ name: String, _ work: Work, isQuick: Bool = false, indices: [String: Int] = [:],
    outputs: @escaping @Sendable (Graph) -> [Tensor]
  ) {
    self.init(name, work, isQuick: isQuick) { backend in
      let graph = Graph(isTraining: true)
      let results = outputs(graph).enumerated().map { ProgramOutput($1, to: .init(buffer: "output \($0)")) }
      let program = try compile(graph, outputs: results, maximumBufferSize: backend.maximumBufferSize)
      return try PreparedBenchmark(work, program, indices: indices, on: backend)
    }
  }
}

extension PreparedBenchmark {
  /// A program over random operands.
  ///
  /// - Parameters:
  ///   - indices: for each buffer of int32, the bound below which its numbers are drawn.
  ///   - arguments: what each run gets.
  init(
    _ work: Work, _ program: Program, indices: [String: Int] = [:], arguments: StepArguments = StepArguments(),
    on backend: any Backend
  ) throws(DeviceError) {
    var buffers: [String: any DeviceBuffer] = [:]
    for (stream, declaration) in program.buffers.enumerated() {
      let buffer = try backend.makeBuffer(
        byteCount: declaration.count * declaration.elementType.byteCount, label: declaration.name)
      let contents = RandomContents(stream: UInt32(stream))
      switch declaration.elementType {
      case .float32: try contents.fillFloats(buffer, count: declaration.count)
      case .int32: try contents.fillIndices(buffer, count: declaration.count, below: indices[declaration.name] ?? 1)
      case .uint8: try contents.fillBytes(buffer, count: declaration.count)
      }
      buffers[declaration.name] = buffer
    }
    let executable = try backend.prepare(program, buffers: buffers)
    self.init(work, program: program, buffers: buffers, on: backend) { () throws(DeviceError) in
      try executable.run(arguments)
    }
  }
}
