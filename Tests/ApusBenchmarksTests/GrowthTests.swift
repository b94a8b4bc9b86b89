import Apus
import ApusBenchmarks
import ApusTestSupport
import Foundation
import Testing

@Suite struct GrowthTests {
  private func sweep(_ name: String) throws -> GrowthSweep { try #require(try GrowthSweep.named([name]).first) }

  /// What a sweep counts at one size.
  private func amount(_ name: String, at size: Int) throws -> Double {
    let sweep = try sweep(name)
    let point = try #require(sweep.points.first { $0.size == size })
    return sweep.amount(of: try point.benchmark.prepare(on: try Device.processor()).work)
  }

  /// Seconds of products of these sides, whose operations are 2 N³.
  private func curve(_ seconds: [(side: Int, seconds: Double)]) throws -> GrowthCurve {
    var curve = GrowthCurve(try sweep("product"), device: "cpu")
    for (side, seconds) in seconds {
      let work = Work(operations: 2 * pow(Double(side), 3), bytes: 12 * pow(Double(side), 2), unit: .operations)
      curve.add(GrowthCurve.Point(size: side, work: work, seconds: seconds, share: 0.5))
    }
    return curve
  }

  @Test func sizesGrowAndNamesAreUnique() throws {
    #expect(Set(GrowthSweep.all.map(\.name)).count == GrowthSweep.all.count)
    for sweep in GrowthSweep.all {
      let sizes = sweep.points.map(\.size)
      #expect(sizes.count >= 5 && zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 }, "\(sweep.name)")
    }
    #expect(try sweep("mlp-width").points.map(\.size) == [32, 64, 128, 256, 512, 1024, 2048])
    #expect(try sweep("update").points.map(\.size).last == 67_108_864)
    #expect(try GrowthSweep.named(["gpt-depth", "product"]).map(\.name) == ["product", "gpt-depth"])
    #expect(try GrowthSweep.named([]).count == GrowthSweep.all.count)
    #expect {
      try GrowthSweep.named(["gpt-witdh"])
    } throws: { "\($0)".contains("did you mean 'gpt-width'?") }
  }

  @Test func operationsAreThoseOfTheSize() throws {
    #expect(try amount("product", at: 64) == 2 * 64 * 64 * 64)
    // Read: parameter, gradient and two moments; written: parameter and moments.
    #expect(try amount("update", at: 16_384) == 28 * 16_384)
    func perceptron(batch: Int, _ widths: [Int]) -> Double {
      let products = zip(widths, widths.dropFirst()).map { $0 * $1 }
      // Forward, the weights' gradients, and the inputs' gradients of all layers but the first.
      return Double(2 * batch * (3 * products.reduce(0, +) - products[0]))
    }
    #expect(try amount("mlp-batch", at: 16) == perceptron(batch: 16, [784, 200, 200, 10]))
    #expect(try amount("mlp-width", at: 64) == perceptron(batch: 100, [784, 64, 64, 10]))
    #expect(try amount("mlp-depth", at: 4) == perceptron(batch: 100, [784, 200, 200, 200, 200, 10]))
  }

  @Test func aTransformersOperationsGrowWithTheSquareOfItsContext() throws {
    func transformer(width: Int, layers: Int, context: Int) -> Double {
      let tokens = 12 * context
      let products = 3 * 2 * tokens * (layers * 12 * width * width + 65 * width)
      // Two products forward and five backward for each pair of positions, heads together as wide as the layer.
      let pairs = 12 * context * (context + 1) / 2
      return Double(products + layers * 2 * 7 * pairs * width)
    }
    #expect(try amount("gpt-context", at: 128) == transformer(width: 128, layers: 4, context: 128))
    #expect(try amount("gpt-width", at: 64) == transformer(width: 64, layers: 4, context: 64))
    #expect(try amount("gpt-depth", at: 2) == transformer(width: 128, layers: 2, context: 64))
  }

  @Test func theExponentIsTheSlopeBetweenNeighbours() throws {
    // Eight times the operations each: in the same time, in eight times it, in sixty-four times it.
    let curve = try curve([(64, 1), (128, 1), (256, 8), (512, 512)])
    #expect(curve.exponent(at: 0) == nil)
    for (index, exponent) in [(1, 0.0), (2, 1.0), (3, 2.0)] {
      #expect(abs(try #require(curve.exponent(at: index)) - exponent) < 1e-12)
    }
    #expect(abs(try #require(curve.overallExponent) - 1) < 1e-12)
    let largest = try #require(curve.largestExponent)
    #expect(largest.size == 512 && abs(largest.value - 2) < 1e-12)
    #expect(curve.rate(of: curve.points[0]) == 524_288e-9)
    let alone = try self.curve([(64, 1)])
    #expect(alone.overallExponent == nil && alone.largestExponent == nil)
  }

  @Test func theReportHasTablesAndFigures() throws {
    let curve = try curve([(64, 1e-5), (128, 8e-5), (256, 1.28e-3)])
    let limits = DeviceLimits(multiplyAddRate: 100e9, copyRates: [.init(bytes: 1e6, rate: 20e9)])
    let result = GrowthResult(curve.sweep, curves: [curve], limits: [limits])
    #expect(
      result.table.cells == [
        ["cpu", "64", "524k", "10.0 µs", "0%", "52.4", "50%", ""],
        ["cpu", "128", "4.19M", "80.0 µs", "0%", "52.4", "50%", "1.00"],
        ["cpu", "256", "33.6M", "1.28 ms", "0%", "26.2", "50%", "1.33"],
      ])
    #expect(result.remarks == ["cpu: exponent 1.17 from end to end, at most 1.33 (to 256)"])
    guard case .curves(let times) = result.figure.panels[0].content,
      case .curves(let rates) = result.figure.panels[1].content
    else { throw DeviceError("panels of curves were expected") }
    #expect(times.map(\.name) == ["cpu", "in proportion"] && rates.map(\.name) == ["cpu", "cpu, limit"])
    // The line in proportion begins at the best rate and ends 64 times as high.
    #expect(abs(times[1].points[0].y - 0.01) < 1e-12 && abs(times[1].points[1].y - 0.64) < 1e-12)
    #expect(rates[1].points == [[64, 100], [128, 100], [256, 100]])

    try withTemporaryFolder { folder in
      let report = GrowthReport(
        [result], devices: [("cpu", "cpu (avx512, 2 threads)")], command: "apus bench --growth product",
        date: Date(timeIntervalSince1970: 86_400))
      try report.write(to: folder.file("growth"))
      let text = try String(contentsOfFile: folder.file("growth/tables.md"), encoding: .utf8)
      #expect(text.contains("`apus bench --growth product` on 1970-01-02"))
      #expect(text.contains("| cpu | 128 | 4.19M | 80.0 µs | 0% | 52.4 | 50% | 1.00 |"))
      #expect(text.contains("- `cpu`: cpu (avx512, 2 threads)"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("growth")).sorted()
      #expect(names == ["product.svg", "tables.md"])
    }
  }

  @Test func whatThereIsNoTimeForIsSaid() throws {
    let session = BenchmarkSession(backend: try Device.processor(), limit: 1e-9)
    let limits = DeviceLimits(multiplyAddRate: nil, copyRates: [])
    let sweep = try sweep("mlp-batch")
    let curve = try session.run(sweep, device: "cpu", limits: limits)
    #expect(curve.points.isEmpty && curve.failures.map(\.size) == sweep.points.map(\.size))
    let result = GrowthResult(sweep, curves: [curve], limits: [limits])
    #expect(result.remarks.first == "cpu, 8: out of time")
    #expect(result.figure.svg.contains("no data yet"))
  }
}
