import Apus
import ApusOpenCL
import ApusTestSupport
import Foundation
import Testing

/// Memory that programs share: the host's bytes as a buffer, and one workspace for several programs.
@Suite struct WorkspaceTests {
  private static func backends() throws -> [any Backend] {
    let devices = (try? OpenCLDevice.all()) ?? []
    return [try Device.processor(), ReferenceBackend()] + (try devices.map { try OpenCLBackend($0) })
  }

  private final class Owner {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ floats: [Float]) {
      bytes = .allocate(byteCount: floats.count * 4 + 64, alignment: 64)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      floats.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }

    deinit { bytes.deallocate() }
  }

  @Test func programsReadTheHostsBytes() throws {
    var count = 0
    for backend in try Self.backends() {
      let owner = Owner((0..<60).map(Float.init))
      guard
        let shared = try backend.makeBuffer(
          sharing: UnsafeRawBufferPointer(rebasing: owner.bytes[..<240]), owner: owner, label: "table")
      else { continue }
      count += 1
      #expect(shared.byteCount == 240)
      let graph = Graph()
      let rows = graph.input("table", [20, 3]).gather(graph.input("picks", [2], .int32)) * 2
      let program = try compile(graph, outputs: [ProgramOutput(rows, to: .init(buffer: "rows"))])
      let picks = try backend.makeBuffer(byteCount: 8, label: "picks")
      try picks.write([19, 4] as [Int32])
      let result = try backend.makeBuffer(byteCount: 24, label: "rows")
      try backend.prepare(program, buffers: ["table": shared, "picks": picks, "rows": result]).run(StepArguments())
      #expect(try result.read(Float.self, count: 6) == [114, 116, 118, 24, 26, 28], "\(backend.name)")
    }
    #expect(count >= 1)
  }

  /// The losses of three steps over bytes of random numbers, in batches so large that a file's pages are let go before each.
  private static func losses(
    _ pixels: ByteStorage, on backend: any Backend, beforeSteps: () throws -> Void = {}
  ) throws -> [Float] {
    let count = pixels.count / 64
    func table() -> Table {
      Table(
        count: count, sampleShape: [1, 8, 8], features: .bytes(pixels), scale: 1 / 255,
        labels: (0..<count).map { Int32($0 % 3) })
    }
    var configuration = RunConfiguration()
    configuration.model = .mlp
    configuration.hidden = [5]
    configuration.batchSize = 1024
    let dataset = Dataset(name: "bytes", training: table(), validation: table(), classNames: ["a", "b", "c"])
    let trainer = try Trainer(try configuration.makePlan(.samples(dataset)), on: backend)
    try beforeSteps()
    for _ in 0..<3 { try trainer.runStep() }
    return try trainer.losses().map(\.loss)
  }

  @Test func samplesOfAFileAreReadInPlaceOrCopied() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("pixels")
      let pixels = (0..<1100 * 64).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 9) }
      for backend in try Self.backends() {
        try folder.write(pixels, to: "pixels")
        let expected = try Self.losses(.copy(of: pixels), on: backend)
        #expect(expected.count == 3 && Set(expected).count == 3)
        #expect(try Self.losses(.mapped(ownFile: path), on: backend) == expected, "\(backend.name)")
        // A user's file may become shorter during the run.
        let shortened = try Self.losses(.mapped(path: path), on: backend) { #expect(truncate(path, 0) == 0) }
        #expect(shortened == expected, "\(backend.name)")
      }
    }
  }

  @Test func theHostsBytesAreNotWrittenTo() throws {
    let backend = try Device.processor()
    let owner = Owner([1, 2, 3, 4])
    let shared = try #require(
      try backend.makeBuffer(
        sharing: UnsafeRawBufferPointer(rebasing: owner.bytes[..<16]), owner: owner, label: "samples"))
    #expect(throws: DeviceError.self) { try shared.write([5] as [Float]) }
    let graph = Graph()
    let program = try compile(graph, outputs: [ProgramOutput(graph.input("x", [4]) + 1, to: .init(buffer: "samples"))])
    let x = try backend.makeBuffer(byteCount: 16, label: "x")
    #expect(throws: DeviceError.self) { _ = try backend.prepare(program, buffers: ["x": x, "samples": shared]) }
    #expect(try shared.read(Float.self, count: 4) == [1, 2, 3, 4])
  }

  /// Products in a row, whose intermediate values lie in the workspace.
  private static func chain(_ extent: Int) throws -> Program {
    let graph = Graph()
    let x = graph.input("x", [extent, extent])
    let y = (0..<3).reduce(x) { y, _ in matrixProduct(y, x) }
    return try compile(graph, outputs: [ProgramOutput(y, to: .init(buffer: "y"))])
  }

  @Test func programsThatShareAWorkspaceTakeTurns() throws {
    for backend in try Self.backends() {
      let workspace = backend.makeWorkspace()
      // The second needs more than the first left, the third less.
      let runs = try [6, 40, 9].map { extent -> (executable: any Executable, y: any DeviceBuffer, expected: Float) in
        let (x, y) = (
          try backend.makeBuffer(byteCount: extent * extent * 4, label: "x"),
          try backend.makeBuffer(byteCount: extent * extent * 4, label: "y")
        )
        try x.write([Float](repeating: 0.5, count: extent * extent))
        let executable = try backend.prepare(try Self.chain(extent), buffers: ["x": x, "y": y], in: workspace)
        let factor = Float(extent) * 0.5
        return (executable, y, 0.5 * factor * factor * factor)
      }
      for _ in 0..<2 {
        for run in runs {
          try run.executable.run(StepArguments())
          #expect(try run.y.read(Float.self, count: 1) == [run.expected], "\(backend.name)")
        }
      }
    }
  }

  @Test func aWorkspaceOfAnotherDeviceIsRefused() throws {
    let backend = try Device.processor()
    let (x, y) = (
      try backend.makeBuffer(byteCount: 144, label: "x"), try backend.makeBuffer(byteCount: 144, label: "y")
    )
    #expect(throws: DeviceError.self) {
      _ = try backend.prepare(try Self.chain(6), buffers: ["x": x, "y": y], in: ReferenceBackend().makeWorkspace())
    }
  }

  /// A batch of 500 would need 80 MB; resident samples are evaluated in smaller ones, streamed ones are not.
  @Test func anEvaluationThatIsCutSmallerGivesTheSame() throws {
    func evaluation(streams: Bool) throws -> Evaluation {
      var configuration = RunConfiguration()
      configuration.model = .mlp
      configuration.hidden = [40_000]
      configuration.streamsData = streams
      let plan = try configuration.makePlan(.samples(.digits(trainingCount: 100, validationCount: 600)))
      return try Trainer(plan, on: try Device.processor()).evaluate()
    }
    let (resident, streamed) = (try evaluation(streams: false), try evaluation(streams: true))
    #expect(resident.sampleCount == 600)
    #expect(resident.predictions == streamed.predictions)
    #expect((resident.loss - streamed.loss).magnitude < 1e-5)
  }
}
