import ApusCompiler
import ApusGraph
import ApusOptimizers
import ApusTestSupport
import Foundation
import Testing

import ApusOpenCL

/// Precisions where there are no tensor cores: refused, or by a restatement of their instruction.
@Suite(.serialized, .enabled(if: TestDevice.isPresent, TestDevice.reason))
struct PrecisionTests {
  /// A backend whose tensor cores are restated; both styles have the same kernel.
  static func emulated(profiling: Bool = false) throws -> OpenCLBackend {
    var device = try #require(TestDevice.first)
    device.tensorCores = .emulated
    return try OpenCLBackend(device, profiling: profiling, tuning: TuningTable())
  }

  @Test func aDeviceWithoutTensorCoresSaysSoInOneLine() throws {
    var device = try #require(TestDevice.first)
    device.tensorCores = .absent
    let backend = try OpenCLBackend(device)
    #expect(backend.precisions == [.float32])
    #expect(try backend.computing(in: .float32) === backend)
    let error = #expect(throws: DeviceError.self) { try backend.require(.tf32) }
    let message = try #require(error).message
    #expect(message.contains("cannot compute in tf32: that takes"))
    #expect(message.hasSuffix("its precisions: float32"))
    #expect(!message.contains("\n"))

    let graph = Graph()
    let x = graph.input("x", [4, 4])
    var program = try compile(graph, outputs: [ProgramOutput(matrixProduct(x, x), to: .init(buffer: "y"))])
    program.precision = .bf16
    let buffers: [String: any DeviceBuffer] = [
      "x": try backend.makeBuffer(byteCount: 64, label: "x"), "y": try backend.makeBuffer(byteCount: 64, label: "y"),
    ]
    #expect(throws: DeviceError.self) { try backend.prepare(program, buffers: buffers) }
  }

  @Test(.enabled(if: !TestDevice.hasTinyShapes)) func theProbePassesWhereNumbersAreRight() throws {
    #expect(try Self.emulated().precisions == Precision.allCases)
  }

  /// The product of a row and the identity is the row as the kernel rounds it: between two numbers of the format, just
  /// beside the middle, in the middle (tf32 goes away from zero, bfloat16 to the even one), and over a power of two.
  @Test(arguments: [Precision.tf32, .bf16])
  func operandsAreRoundedAsTheFormatSays(precision: Precision) throws {
    let unit: Float = precision == .tf32 ? 0x1p-10 : 0x1p-7
    let row: [Float] = [
      1, 1 + unit, 1 + 0.5 * unit, 1 + 1.5 * unit, 1 + 0.499 * unit, 1 + 0.501 * unit, 2 - 0.25 * unit, -1 - 0.5 * unit,
      -3.3, 1e-30, 1e30, 0, -0.1,
    ]
    let expected: [Float]
    switch precision {
    case .tf32: expected = [1, 1 + unit, 1 + unit, 1 + 2 * unit, 1, 1 + unit, 2, -1 - unit]
    default: expected = [1, 1 + unit, 1, 1 + 2 * unit, 1, 1 + unit, 2, -1]
    }
    #expect(row.prefix(8).map(precision.rounded) == expected)

    let backend = try Self.emulated()
    let n = row.count
    let graph = Graph()
    let product = matrixProduct(graph.input("a", [1, n]), graph.input("b", [n, n]))
    var program = try compile(graph, outputs: [ProgramOutput(product, to: .init(buffer: "c"))])
    program.precision = precision
    var buffers: [String: any DeviceBuffer] = [:]
    for (name, count) in [("a", n), ("b", n * n), ("c", n)] {
      buffers[name] = try backend.makeBuffer(byteCount: count * 4, label: name)
    }
    try buffers["a"]?.write(row)
    try buffers["b"]?.write((0..<n * n).map { $0 % (n + 1) == 0 ? Float(1) : 0 })
    try backend.prepare(program, buffers: buffers).run(StepArguments())
    let result = try #require(try buffers["c"]?.read(Float.self, count: n))
    #expect(result == row.map(precision.rounded))
  }

  /// Few, because compiling takes the time here: each format once through a network, once through a convolution.
  static let cases: [(name: String, precision: Precision)] = [
    ("product 65×67×129, right transposed", .tf32), ("batched product [2, 3, 17, 8] by [2, 1, 8, 33]", .bf16),
    ("every kind of extra behind a product", .tf32), ("perceptron forward and backward", .bf16),
    ("perceptron forward and backward", .tf32), ("every kind of extra behind a convolution", .bf16),
    ("bias and rectifier behind a convolution", .tf32),
  ]

  /// The kernels as whole programs use them, against the plain executor that rounds in the same way.
  @Test(.enabled(if: !TestDevice.hasTinyShapes), arguments: cases.indices)
  func programsRoundTheirProductsAlone(index: Int) throws {
    let (name, precision) = Self.cases[index]
    let conformance = try #require(ConformanceCase.all.first { $0.name == name })
    for error in try conformance.errors(on: Self.emulated(), in: precision) {
      #expect(error <= conformance.tolerance(in: precision))
    }
  }

  /// All three products of a layer, forward and backward, are computed in the precision.
  @Test func aLayersGradientsAreComputedInThePrecisionToo() throws {
    let backend = try Self.emulated(profiling: true)
    let graph = Graph()
    let weights = graph.parameter("weights", [20, 30])
    let x = graph.input("x", [10, 30])
    let y = matrixProduct(x, weights, transposingRight: true)
    let results = [y] + gradient(of: (y * graph.input("upstream", y.shape)).sum(), with: [weights, x])
    var program = try compile(
      graph, outputs: results.enumerated().map { ProgramOutput($1, to: .init(buffer: "output\($0)")) })
    program.precision = .bf16
    var buffers: [String: any DeviceBuffer] = [:]
    for declaration in program.buffers {
      buffers[declaration.name] = try backend.makeBuffer(byteCount: declaration.count * 4, label: declaration.name)
    }
    let executable = try backend.prepare(program, buffers: buffers)
    try executable.run(StepArguments())
    let labels = executable.launchTimes.map(\.label)
    #expect(labels.filter { $0.contains("matmul_tensor") }.count == 3, "\(labels)")
    #expect(!labels.contains { $0.contains("matmul_wide") || $0.contains("matmul_tiled") || $0.contains("matmul_dot") })
  }
}
