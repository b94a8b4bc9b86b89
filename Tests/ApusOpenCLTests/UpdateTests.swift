import ApusExpression
import ApusOptimizers
import Foundation
import Testing

import ApusOpenCL

/// The kernel file of each optimizer.
private struct RenderedFile: OptimizerVisitor {
  func visit<O: Optimizer>(_ type: O.Type) -> String { UpdateRendering(type).file }
}

struct UpdateFileTests {
  /// The folder of the kernels, beside this file's package.
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Kernels/Updates")

  /// With `APUS_RENDER_KERNELS=1` this writes the files; without, it fails where a formula and its file part.
  @Test(arguments: OptimizerKind.allCases)
  func filesAreWhatTheFormulasSay(kind: OptimizerKind) throws {
    let text = kind.accept(RenderedFile())
    let file = Self.folder.appendingPathComponent("\(kind.rawValue).cl")
    if ProcessInfo.processInfo.environment["APUS_RENDER_KERNELS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let kept = try? String(contentsOf: file, encoding: .utf8)
    let hint: Comment =
      "\(file.lastPathComponent) is not what its formula renders to; run the tests with APUS_RENDER_KERNELS=1"
    #expect(kept == text, hint)
    let embedded = KernelTemplate.embedded("Updates/\(kind.rawValue)")?.text()
    #expect(
      embedded == KernelTemplate.included(text),
      "\(file.lastPathComponent) is not embedded as it is; see Kernels/embed.c")
  }
}

/// Runs an optimizer on a device and in double precision, side by side.
private struct Trajectory: OptimizerVisitor {
  typealias Result = Double
  typealias Failure = any Error
  let style: OpenCLDevice.Style
  let count: Int

  /// - Returns: the largest difference of a parameter or state value from the reference, relative to its size.
  func visit<O: Optimizer>(_ type: O.Type) throws -> Double {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let optimizer = try O.standard()
    let steps = TestDevice.hasTinyShapes ? 2 : 50
    let clip: Float = 0.5
    var reference = numbers(count, seed: 7).map { Slots<Double>(parameter: Double($0), gradient: 0) }
    let parameters = try context.buffer(numbers(count, seed: 7))
    let gradients = MemoryRange(try OpenCLBuffer(context, size: count * 4))
    let state = try O.stateNames.map { _ in try context.buffer([Float](repeating: 0, count: count)) }
    let scale = try context.buffer([clip])

    var builder = ProgramBuilder()
    let launch = try OptimizerUpdate(
      parameters: parameters, gradients: gradients, state: state, gradientScale: scale, count: count
    ).plan(type, device, &builder).bind(try builder.build(context))
    for step in 1...steps {
      let uniforms = optimizer.uniforms(
        step: step, learningRate: O.defaultLearningRate, initialLearningRate: O.defaultLearningRate)
      // Gradients that shrink and change sign.
      let gradient = numbers(count, seed: UInt64(step), range: 2 / Float(step)).map { $0 + 1e-3 }
      try context.write(gradient, to: gradients)
      try OptimizerUpdate.set(launch, uniforms)
      try context.queue.enqueue(launch)
      for i in 0..<count {
        reference[i].gradient = Double(gradient[i]) * Double(clip)
        O.update(&reference[i], uniforms)
      }
    }

    var worst = 0.0
    func compare(_ memory: MemoryRange, _ value: (Slots<Double>) -> Double) throws {
      let floats = try context.readFloats(memory)
      for (slots, float) in zip(reference, floats) {
        worst = max(worst, abs(Double(float) - value(slots)) / max(abs(value(slots)), 1e-2))
      }
    }
    try compare(parameters, \.parameter)
    for (memory, path) in zip(state, [\Slots<Double>.state0, \.state1, \.state2]) {
      try compare(memory) { $0[keyPath: path] }
    }
    return worst
  }
}

/// A rule that no file is kept for, with state, a uniform and a selection.
private struct LocalRule: Optimizer {
  static let name = "local-rule"
  static let defaultLearningRate = 0.1
  static let weightDecayKind = WeightDecayKind.coupled
  static let stateNames = ["memory"]
  static let source = "a test"
  static let hyperparameters: [Hyperparameter<LocalRule>] = []
  static func standard() -> LocalRule { LocalRule() }
  func uniforms(step: Int, learningRate: Double, initialLearningRate: Double) -> Uniforms<Double> {
    var uniforms = Uniforms<Double>()
    uniforms.rate = learningRate / Double(step)
    return uniforms
  }
  static func update<F: Formula>(_ s: inout Slots<F>, _ u: Uniforms<F>) {
    s.state0 = F.max(s.state0 * 0.9, F.abs(s.gradient))
    s.parameter = F.multiplyAdd(-u.rate, s.gradient / (s.state0 + 0.1), s.parameter)
  }
}

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct UpdateTests {
  @Test(arguments: OptimizerKind.allCases, OpenCLDevice.Style.allCases)
  func everyOptimizerFollowsItsReference(kind: OptimizerKind, style: OpenCLDevice.Style) throws {
    let worst = try kind.accept(Trajectory(style: style, count: TestDevice.hasTinyShapes ? 19 : 211))
    #expect(worst < 1e-5)
  }

  @Test(arguments: TestDevice.hasTinyShapes ? [1, 17, 2100] : [1, 15, 16, 17, 8192, 20_001, 1 << 19])
  func arenasMayHaveAnySize(count: Int) throws {
    #expect(try Trajectory(style: .wide, count: count).visit(LocalRule.self) < 1e-5)
    #expect(try Trajectory(style: .tiled, count: count).visit(LocalRule.self) < 1e-5)
  }
}
