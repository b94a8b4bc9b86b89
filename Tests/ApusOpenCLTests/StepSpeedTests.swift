import ApusCompiler
import ApusGraph
import Foundation
import Testing

import ApusOpenCL

/// Where the time of an image network's launches goes; run with `APUS_MEASURE=1` on an otherwise idle machine.
@Suite(
  .serialized,
  .enabled(if: TestDevice.isPresent && ProcessInfo.processInfo.environment["APUS_MEASURE"] == "1", "set APUS_MEASURE=1")
)
struct StepSpeedTests {
  /// Prints each launch's time, its share of a copy's bandwidth, and its kernel.
  private func profile(_ graph: Graph, _ outputs: [Tensor]) throws {
    let backend = try OpenCLBackend(try #require(TestDevice.first), profiling: true)
    let program = try compile(
      graph, arena: try ParameterArena(graph), statistics: try ParameterArena(statisticsOf: graph),
      outputs: outputs.enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) },
      maximumBufferSize: backend.maximumBufferSize)
    var buffers: [String: any DeviceBuffer] = [:]
    for declaration in program.buffers {
      let buffer = try backend.makeBuffer(
        byteCount: declaration.count * declaration.elementType.byteCount, label: declaration.name)
      if declaration.elementType == .float32 { try buffer.write(numbers(declaration.count, seed: 1)) }
      buffers[declaration.name] = buffer
    }
    let executable = try backend.prepare(program, buffers: buffers)
    for _ in 0..<20 { try executable.run(StepArguments()) }
    try backend.synchronize()
    for time in executable.launchTimes {
      let instruction = program.instructions.first { time.label.hasPrefix($0.label) }
      let bytes = (instruction.map { $0.inputs + $0.outputs } ?? []).reduce(0) {
        $0 + $1.count * $1.elementType.byteCount
      }
      let seconds = time.total / Double(time.count)
      print(String(format: "%8.1f us %6.1f GB/s ", seconds * 1e6, Double(bytes) / seconds * 1e-9), time.label)
    }
  }

  @Test(arguments: [[128, 16, 32, 32], [128, 64, 8, 8]])
  func batchStandardization(extents: [Int]) throws {
    let graph = Graph()
    let x = graph.input("x", Shape(extents))
    let gamma = graph.parameter("gamma", [extents[1], 1, 1])
    let beta = graph.parameter("beta", [extents[1], 1, 1])
    let y = relu(x.standardized(over: [0, 2, 3], epsilon: 1e-5, weight: gamma, bias: beta).standardized)
    try profile(graph, [y] + gradient(of: (y * graph.input("upstream", y.shape)).sum(), with: [x, gamma]))
  }

  @Test func poolings() throws {
    let graph = Graph()
    let x = graph.input("x", [128, 64, 32, 32])
    for size in [2, 3] {
      let y = x.maxPool(size: [size, size], strides: [2, 2])
      let upstream = graph.input("upstream\(size)", y.shape)
      try profile(graph, [y] + gradient(of: (y * upstream).sum(), with: [x]))
    }
  }

  @Test func attentions() throws {
    let graph = Graph()
    let x = graph.input("x", [16, 256, 3, 6, 64])
    let y = attention(x, isCausal: true)
    try profile(graph, [y] + gradient(of: (y * graph.input("upstream", y.shape)).sum(), with: [x]))
  }
}
