import Apus
import ApusBenchmarks
import ApusOpenCL
import ApusTestSupport
import Foundation
import Testing

@Suite struct TunerTests {
  private static let device = try? OpenCLDevice.all().first

  @Test(.enabled(if: device != nil, "needs an OpenCL device"))
  func aTunedProductIsTheFastestOfThoseThatAreRight() throws {
    try withTemporaryFolder { folder in
      let device = try #require(Self.device)
      let file = try #require(TuningFile(device, folder: URL(fileURLWithPath: folder.path)))
      let graph = Graph()
      let product = matrixProduct(graph.input("a", [40, 300]), graph.input("b", [300, 50]))
      let program = try compile(graph, outputs: [ProgramOutput(product, to: .init(buffer: "c"))])
      let tuner = try Tuner(device, file: file)
      var outcomes: [Tuner.Outcome] = []
      try tuner.tune([program, program], seconds: 120) { outcomes.append($0) }
      #expect(outcomes.map(\.shape) == ["product 1x40x50x300 NN"])
      let outcome = try #require(outcomes.first)
      #expect(outcome.measured > 1 && outcome.failures.isEmpty && !outcome.isCut)
      let best = try #require(outcome.best)
      #expect(best.seconds <= (outcome.ruled.seconds ?? 0))
      #expect(file.load().choices["product 1x40x50x300 NN"]?.variant == best.variant)
      // What is known is not measured again.
      var again = 0
      try Tuner(device, file: file).tune([program], seconds: 120) { _ in again += 1 }
      #expect(again == 0)
    }
  }

  @Test(.enabled(if: device != nil, "needs an OpenCL device"))
  func whatFailedOnceIsNotTriedAgain() throws {
    try withTemporaryFolder { folder in
      let device = try #require(Self.device)
      let file = try #require(TuningFile(device, folder: URL(fileURLWithPath: folder.path)))
      let graph = Graph()
      let product = matrixProduct(graph.input("a", [20, 20]), graph.input("b", [20, 20]))
      let program = try compile(graph, outputs: [ProgramOutput(product, to: .init(buffer: "c"))])
      var first = 0
      try Tuner(device, file: file).tune([program], seconds: 120) { first = $0.measured }
      // A process that died while it tried a candidate leaves this behind.
      var table = TuningTable()
      table.trying = TuningTable.attempt(
        "product 1x20x20x20 NN", try #require(file.load().choices.values.first?.variant))
      try file.store(table)
      var second = 0
      try Tuner(device, file: file).tune([program], seconds: 120) { second = $0.measured }
      #expect(second == first - 1)
    }
  }
}
