import ApusGraph
import ApusLayers
import ApusTestSupport
import Testing

/// What the two dropouts drop, and that the gradient goes through what was kept.
@Suite struct DropoutTests {
  private struct Pair: Module {
    let first: any Module
    let second: any Module
    func callAsFunction(_ x: Tensor) -> Tensor { second(first(x)) }
  }

  /// The result for an input of ones, and the gradient of its sum.
  private func factors(
    _ module: any Module, _ shape: Shape, step: UInt32 = 1, seed: UInt64 = 0
  ) throws -> (outputs: [Double], gradient: [Double]) {
    let trace = try Trace(module, isTraining: true) { graph in
      let x = graph.input("x", shape)
      return (x, module(x))
    }
    let (x, y) = trace.result
    var executor = ReferenceExecutor()
    (executor.step, executor.seed) = (step, seed)
    executor.contents["x"] = [Double](repeating: 1, count: shape.count)
    let values = executor.evaluate([y] + gradient(of: y.sum(), with: [x]))
    return (values[0], values[1])
  }

  /// Whether a share of `count` draws is within four standard errors of its probability.
  private func isLikely(_ share: Double, _ probability: Double, _ count: Int) -> Bool {
    (share - probability).magnitude < 4 * (probability * (1 - probability) / Double(count)).squareRoot()
  }

  @Test(arguments: [0.1, 0.5, 0.9])
  func elementsAreDroppedAtTheRateAndTheRestIsScaled(rate: Double) throws {
    let (outputs, gradient) = try factors(Dropout(rate), [100, 200])
    let kept = 1 / (1 - rate)
    #expect(outputs.allSatisfy { $0 == 0 || ($0 - kept).magnitude < 1e-12 * kept })
    #expect(isLikely(Double(outputs.count { $0 == 0 }) / 20_000, rate, 20_000))
    // What is multiplied forward is multiplied backward.
    #expect(gradient == outputs)
    // Neighbours are dropped independently, in a row and between rows.
    for distance in [1, 200] {
      let both = (0..<20_000 - distance).count { outputs[$0] == 0 && outputs[$0 + distance] == 0 }
      #expect(isLikely(Double(both) / Double(20_000 - distance), rate * rate, 20_000 - distance), "\(distance)")
    }
  }

  @Test(arguments: [0.25, 0.5])
  func channelsAreDroppedWhole(rate: Double) throws {
    let (outputs, gradient) = try factors(ChannelDropout(rate), [60, 50, 2, 3])
    let channels = stride(from: 0, to: outputs.count, by: 6).map { outputs[$0..<$0 + 6] }
    #expect(channels.allSatisfy { Set($0).count == 1 })
    let kept = 1 / (1 - rate)
    #expect(channels.allSatisfy { $0.first == 0 || (($0.first ?? 0) - kept).magnitude < 1e-12 * kept })
    #expect(isLikely(Double(channels.count { $0.first == 0 }) / 3000, rate, 3000))
    #expect(gradient == outputs)
  }

  @Test(arguments: [Dropout(0.5) as any Module, ChannelDropout(0.5)])
  func stepsSeedsAndLayersDrawAfresh(module: any Module) throws {
    let shape: Shape = [20, 30, 2, 2]
    let first = try factors(module, shape).outputs
    #expect(try factors(module, shape).outputs == first)
    #expect(try factors(module, shape, step: 2).outputs != first)
    #expect(try factors(module, shape, seed: 1).outputs != first)
    // Two layers with one mask would keep half of the elements, and not a quarter.
    let twice = try factors(Pair(first: module, second: module), shape).outputs
    let draws = module is Dropout ? 2400 : 600
    #expect(isLikely(Double(twice.count { $0 == 4 }) / 2400, 0.25, draws))
  }

  @Test(arguments: [Dropout(0) as any Module, ChannelDropout(0)])
  func aRateOfZeroIsNothing(module: any Module) throws {
    let trace = try Trace(module, isTraining: true) { module($0.input("x", [4, 3, 2, 2])) }
    #expect(trace.graph.nodes.count == 1)
  }

  @Test(arguments: [-0.1, 1, Double.nan])
  func theRateIsChecked(rate: Double) {
    for module: any Module in [Dropout(rate), ChannelDropout(rate)] {
      let error = #expect(throws: GraphError.self) {
        try Trace(module, isTraining: true) { module($0.input("x", [2, 5, 3, 3])) }
      }
      #expect(error?.description.contains("\(rate)") == true)
    }
  }

  @Test func channelDropoutNeedsChannels() {
    let error = #expect(throws: GraphError.self) {
      try Trace(ChannelDropout(0.5), isTraining: true) { ChannelDropout(0.5)($0.input("x", [5])) }
    }
    #expect(error?.description.contains("[N, C, …]") == true)
  }

  @Test(arguments: [Dropout(0.5) as any Module, ChannelDropout(0.5)])
  func outsideTrainingItIsNothing(module: any Module) throws {
    let trace = try Trace(module, isTraining: false) { module($0.input("x", [4, 3, 2, 2])) }
    #expect(trace.graph.nodes.count == 1)
  }

  @Test func theRateIsTheFirstNumberThatIsKept() {
    #expect(Dropout.apply(3.0, random: 0.49, rate: 0.5) == 0)
    #expect(Dropout.apply(3.0, random: 0.5, rate: 0.5) == 6)
  }
}
