import Apus
import ApusReproduction
import ApusTestSupport
import Foundation
import Testing

@Suite("Ravine")
struct RavineTests {
  @Test(arguments: TestFunction.all.map(\.name))
  func gradientsAreThoseOfTheFunctions(name: String) throws {
    let function = try #require(TestFunction.all.first { $0.name == name })
    for place in [SIMD2(0.3, -0.7), SIMD2(1.7, 0.4), function.start] {
      let gradient = function.gradient(place)
      let step = 1e-6
      let x = (function.value(place + [step, 0]) - function.value(place - [step, 0])) / (2 * step)
      let y = (function.value(place + [0, step]) - function.value(place - [0, step])) / (2 * step)
      #expect(abs(gradient.x - x) < 1e-5 * max(1, abs(x)) && abs(gradient.y - y) < 1e-5 * max(1, abs(y)))
    }
    #expect(function.value(function.minimum) < 1e-12)
    #expect(function.value(function.start) > 1)
  }

  @Test func plainDescentFollowsItsClosedForm() throws {
    let path = OptimizerPath(try OptimizerKind.sgd.make(), learningRate: 0.95, on: .ravine, steps: 30)
    #expect(path.points.count == 31)
    for (step, point) in path.points.enumerated() {
      #expect(abs(point.x + 7 * pow(1 - 0.095, Double(step))) < 1e-12)
      #expect(abs(point.y - 2 * pow(-0.9, Double(step))) < 1e-12)
    }
    // 49/20 · 0.905²ᵗ + 4 · 0.81ᵗ falls below 0.001 at t = 43.
    let long = OptimizerPath(try OptimizerKind.sgd.make(), learningRate: 0.95, on: .ravine, steps: 100)
    #expect(long.steps(toReach: 1e-3) == 43)
    #expect(path.steps(toReach: 1e-9) == nil)
  }

  @Test func adamsFirstStepIsItsLearningRate() throws {
    let path = OptimizerPath(try OptimizerKind.adam.make(), learningRate: 0.3, on: .rosenbrock, steps: 1)
    let moved = path.points[1] - path.points[0]
    #expect(abs(abs(moved.x) - 0.3) < 1e-8 && abs(abs(moved.y) - 0.3) < 1e-8)
  }

  @Test func aPathThatDivergesEnds() throws {
    let path = OptimizerPath(try OptimizerKind.sgd.make(), learningRate: 10, on: .rosenbrock, steps: 1000)
    #expect(path.points.count < 20)
    #expect(path.points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
  }

  @Test func runsFromEndToEnd() throws {
    try withTemporaryFolder { folder in
      let reproduction = try Reproduction.named("ravine")
      let result = try #require(try reproduction.run(ReproductionOptions(directory: folder.file("out"))))
      #expect(
        try files(in: folder.file("out")) == ["figure.png", "figure.svg", "result.json", "table.txt"])
      #expect(result.table.cells.count == 30)
      #expect(result.figure.panels.count == 9)
      let text = try text(of: folder.file("out/table.txt"))
      #expect(text.contains("AMSBound") && text.contains("curve only") && text.contains("Saito"))
      let file = try bytes(of: folder.file("out/result.json"))
      let json = try #require(try file.withUnsafeBytes { try JSONValue.parse($0, path: "result.json") }.object)
      let claim = try #require(json["claims"]?.array?.first?.object)
      #expect(claim["reported"]?.object?["text"] == "curve only" && claim["reported"]?.object?["value"] == .null)
      let measured = try #require(claim["measured"]?.object?["value"]?.number)
      // 49/20 · 0.905⁶⁰ + 4 · 0.81³⁰.
      #expect(abs(measured - (49 / 20 * pow(0.905, 60) + 4 * pow(0.81, 30))) < 1e-12)
      #expect(try PixelImage(path: folder.file("out/figure.png")).width > 1500)
    }
  }

  @Test func takesNoDataSet() {
    var options = ReproductionOptions(directory: "/nowhere")
    options.dataset = "digits"
    #expect(throws: TrainingError.self) { try Reproduction.named("ravine").run(options) }
  }
}
