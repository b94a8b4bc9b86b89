import ApusExpression
import ApusOptimizers
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct ReductionTests {
  struct Pattern: CustomTestStringConvertible, Sendable {
    let shape: [Int]
    let axes: Set<Int>
    /// The order of the dimensions in memory; nil for row-major.
    var order: [Int]?
    var testDescription: String { "\(shape) over \(axes.sorted())" }

    var strides: [Int] {
      guard let order else { return TensorView.rowMajorStrides(shape) }
      var strides = shape
      var next = 1
      for axis in order.reversed() {
        strides[axis] = next
        next *= shape[axis]
      }
      return strides
    }
  }

  static let patterns: [Pattern] = [
    Pattern(shape: [1], axes: [0]), Pattern(shape: [7, 10], axes: [1]), Pattern(shape: [100, 67], axes: [0]),
    Pattern(shape: [30_011], axes: [0]), Pattern(shape: [3, 1000, 5], axes: [1]),
    Pattern(shape: [2, 3, 5, 7], axes: [0, 2]),
    Pattern(shape: [2, 3, 5, 7], axes: [1, 3]), Pattern(shape: [20_000, 3], axes: [0]),
    Pattern(shape: [6, 37], axes: []),
    Pattern(shape: [4, 3, 40, 40], axes: [0, 2, 3]), Pattern(shape: [31, 17], axes: [0], order: [1, 0]),
    Pattern(shape: [31, 17], axes: [1], order: [1, 0]), Pattern(shape: [40_000, 2], axes: [0, 1]),
    // Long rows, of which a work-item reads many vectors.
    Pattern(shape: [790, 1329], axes: [0]), Pattern(shape: [40, 2, 20, 700], axes: [0, 2]),
  ].filter { !TestDevice.hasTinyShapes || $0.shape.reduce(1, *) < 1000 }

  @Test(arguments: OpenCLDevice.Style.allCases, Reduction.Kind.allCases)
  func everyPatternAgreesWithDouble(style: OpenCLDevice.Style, kind: Reduction.Kind) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var checks: [(name: String, output: MemoryRange, expected: [Double], tolerance: Double)] = []
    for pattern in Self.patterns {
      let shape = pattern.shape
      let count = shape.reduce(1, *)
      let values = numbers(count, seed: 11)
      let rowFactor = numbers(shape[0], seed: 12)
      let kept = shape.indices.filter { !pattern.axes.contains($0) }
      let outputCount = kept.map { shape[$0] }.reduce(1, *)
      let first = TensorView(try context.buffer(values), shape: shape, strides: pattern.strides)
      let second = TensorView(
        try context.buffer(rowFactor), shape: shape, strides: shape.indices.map { $0 == 0 ? 1 : 0 })
      let output = try context.buffer([Float](repeating: .nan, count: outputCount))
      let reduction = Reduction(
        kind, of: .input(0) * .uniform(0) + .input(1), inputs: [first, second], axes: pattern.axes, output: output,
        finish: .abs(.input(0)) * 0.5)
      let size = reduction.scratchSize(device)
      let scratch = size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
      launches += try reduction.plan(device, scratch: scratch, &builder)

      var expected = [Double](repeating: kind == .sum ? 0 : -.infinity, count: outputCount)
      let elements = first.elements(of: values)
      let factors = second.elements(of: rowFactor)
      let rowMajor = TensorView.rowMajorStrides(shape)
      for index in 0..<count {
        var place = 0
        for axis in kept { place = place * shape[axis] + index / rowMajor[axis] % shape[axis] }
        let value = Double(elements[index]) * 0.25 + Double(factors[index])
        expected[place] = kind == .sum ? expected[place] + value : max(expected[place], value)
      }
      let tolerance = kind == .sum ? 1e-6 * Double(count / outputCount + 10) : 1e-6
      checks.append((pattern.testDescription, output, expected.map { abs($0) * 0.5 }, tolerance))
    }
    let program = try builder.build(context)
    for launch in try launches.bind(program) {
      try launch.set("u0", to: .float(0.25))
      try context.queue.enqueue(launch)
    }
    for check in checks {
      let result = try context.readFloats(check.output)
      let worst = zip(result, check.expected).map { abs(Double($0) - $1) }.reduce(0) {
        $1.isNaN ? .infinity : max($0, $1)
      }
      #expect(worst <= check.tolerance, "\(check.name)")
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, Reduction.Kind.allCases)
  func severalResultsAreWhatEachIsAlone(style: OpenCLDevice.Style, kind: Reduction.Kind) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let prologues: [Expression] = [.input(0) * .input(1), .square(.input(0)) + .input(1), .exp(.input(1) - .input(0))]
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var results: [(name: String, joined: MemoryRange, alone: MemoryRange)] = []
    for pattern in Self.patterns {
      let shape = pattern.shape
      let count = shape.reduce(1, *)
      let inputs = try [11, 12].map {
        TensorView(try context.buffer(numbers(count, seed: $0)), shape: shape, strides: pattern.strides)
      }
      let outputCount = shape.indices.filter { !pattern.axes.contains($0) }.map { shape[$0] }.reduce(1, *)
      func plan(_ prologues: [Expression]) throws -> [MemoryRange] {
        let outputs = try prologues.map { _ in try context.buffer([Float](repeating: .nan, count: outputCount)) }
        let reduction = Reduction(kind, of: prologues, inputs: inputs, axes: pattern.axes, outputs: outputs)
        let size = reduction.scratchSize(device)
        let scratch = size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
        launches += try reduction.plan(device, scratch: scratch, &builder)
        return outputs
      }
      let joined = try plan(prologues)
      for (prologue, output) in zip(prologues, joined) {
        results.append((pattern.testDescription, output, try plan([prologue])[0]))
      }
    }
    for launch in try launches.bind(try builder.build(context)) { try context.queue.enqueue(launch) }
    for result in results {
      let joined = try context.readFloats(result.joined)
      let alone = try context.readFloats(result.alone)
      #expect(joined.allSatisfy { $0.isFinite }, "\(result.name)")
      #expect(joined.map(\.bitPattern) == alone.map(\.bitPattern), "\(result.name)")
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases)
  func aMaximumKeepsNaN(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    for place in [0, 5, 40, 99] {
      var values = numbers(100, seed: 1)
      values[place] = .nan
      let output = try context.buffer([Float(0)])
      var builder = ProgramBuilder()
      let launches = try Reduction(
        .maximum, inputs: [TensorView(try context.buffer(values), shape: [100])], axes: [0], output: output
      ).plan(device, scratch: nil, &builder)
      try context.queue.enqueue(try launches.bind(try builder.build(context)))
      #expect(try context.readFloats(output)[0].isNaN)
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [0.5, 1e9])
  func clippingScalesByTheGlobalNorm(style: OpenCLDevice.Style, maximum: Double) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let values = numbers(TestDevice.hasTinyShapes ? 17_001 : 50_021, seed: 8)
    let output = try context.buffer([Float(0)])
    let reduction = Reduction.clippingScale(
      gradients: TensorView(try context.buffer(values), shape: [values.count]), output: output)
    let scratch = MemoryRange(try OpenCLBuffer(context, size: reduction.scratchSize(device)))
    var builder = ProgramBuilder()
    let launches = try reduction.plan(device, scratch: scratch, &builder)
    for launch in try launches.bind(try builder.build(context)) {
      try launch.set("u0", to: .float(Float(maximum)))
      try context.queue.enqueue(launch)
    }
    let sum = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    let expected = GlobalNormClipping.scale(sumOfSquares: sum, maximumNorm: maximum)
    #expect(abs(Double(try context.readFloats(output)[0]) - expected) < 1e-6 * expected)
  }
}
