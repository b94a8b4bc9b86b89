import ApusExpression
import Testing

import ApusOpenCL

/// Reproducible numbers in [-range, range).
func numbers(_ count: Int, seed: UInt64, range: Float = 2) -> [Float] {
  let philox = Philox(seed: seed)
  return (0..<count).map { (philox.uniform(element: $0, step: 0, stream: 0) * 2 - 1) * range }
}

extension TensorView {
  /// The elements, in row-major order, of an array that holds the view's memory.
  func elements<Element>(of array: [Element]) -> [Element] {
    var result: [Element] = []
    func walk(_ axis: Int, _ offset: Int) {
      if axis == shape.count {
        result.append(array[offset])
      } else {
        for i in 0..<shape[axis] { walk(axis + 1, offset + i * strides[axis]) }
      }
    }
    walk(0, 0)
    return result
  }
}

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct PointwiseTests {
  static let expressions: [Expression] = {
    let x = Expression.input(0)
    let y = Expression.input(1)
    let u = Expression.uniform(2)
    let large = Expression(.infinity)
    let unary: [Expression] = [
      -x, .sqrt(.abs(x)), .exp(x), .log(.abs(x)), .tanh(x), .erf(x), .sin(x), .cos(x), .abs(x), .floor(x * 3),
      .sign(x), .sigmoid(x * u + y),
    ]
    let binary: [Expression] = [x + y, x - y, x * y, x / y, .max(x, 0), .min(u, x), (x * y) * (x * y) + .exp(x * y)]
    let fused: [Expression] = [.multiplyAdd(x, y, u), .multiplyAdd(x, 0.1, 1 / u)]
    let selections: [Expression] = [
      .select(Expression.equal(x, x), Expression(1) / 3, y), .select(Expression.lessOrEqual(u, 1), x, y),
      .select(Expression.less(x, large), x, -large), .select(Expression.less(x, y), u, 2),
    ]
    let constants: [Expression] = [0.1, u * 2, x * Expression(1e-40)]
    return unary + binary + fused + selections + constants
  }()

  @Test(arguments: OpenCLDevice.Style.allCases, TestDevice.hasTinyShapes ? [1, 5, 16, 67] : [1, 3, 5, 16, 67, 1000])
  func everyFunctionAgreesWithDouble(style: OpenCLDevice.Style, count: Int) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let a = numbers(count, seed: 1)
    let b = numbers(count, seed: 2).map { $0 + ($0 < 0 ? -0.5 : 0.5) }
    let inputs = try [a, b].map { TensorView(try context.buffer($0), shape: [count]) }
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var outputs: [TensorView] = []
    // Four outputs a kernel, which also shares parts among them.
    for start in stride(from: 0, to: Self.expressions.count, by: 4) {
      let part = Array(Self.expressions[start..<min(start + 4, Self.expressions.count)])
      let views = try part.map { _ in
        TensorView(MemoryRange(try OpenCLBuffer(context, size: count * 4)), shape: [count])
      }
      launches.append(try Pointwise(part, outputs: views, inputs: inputs).plan(device, &builder))
      outputs += views
    }
    let program = try builder.build(context)
    for launch in try launches.bind(program) {
      try launch.set("u2", to: .float(0.75))
      try context.queue.enqueue(launch)
    }
    for (expression, view) in zip(Self.expressions, outputs) {
      let result = try context.readFloats(view.memory)
      for i in 0..<count {
        let expected = expression.evaluate(inputs: [Double(a[i]), Double(b[i])], uniforms: [0, 0, 0.75])
        let error = abs(Double(result[i]) - expected)
        #expect(error <= 4e-6 * max(1, abs(expected)), "\(expression.node) at \(i): \(result[i]) for \(expected)")
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases)
  func viewsMayBeBroadcastTransposedAndBytes(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let shape = [3, 5, 2, 37]
    let count = shape.reduce(1, *)
    let dense = numbers(count, seed: 3)
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let ints = (0..<37).map { Int32($0 - 5) }
    let perRow = numbers(30, seed: 4)
    let views = [
      TensorView(try context.buffer(dense), shape: shape),
      TensorView(try context.buffer(dense), shape: shape, strides: [1, 3, 15, 30]),
      TensorView(try context.buffer(bytes), .uint8, shape: shape),
      TensorView(try context.buffer(ints), .int32, shape: shape, strides: [0, 0, 0, 1]),
      TensorView(try context.buffer(perRow), shape: shape, strides: [10, 2, 1, 0]),
      TensorView(try context.buffer([Float(2.5)]), shape: shape, strides: [0, 0, 0, 0]),
    ]
    let sources: [[Double]] = [
      views[0].elements(of: dense).map(Double.init), views[1].elements(of: dense).map(Double.init),
      views[2].elements(of: bytes).map(Double.init), views[3].elements(of: ints).map(Double.init),
      views[4].elements(of: perRow).map(Double.init), views[5].elements(of: [2.5]).map { Double($0 as Float) },
    ]
    // With and without the transposed view, whose columns have a stride: scalar and vector path.
    for used in [[0, 1, 2, 3, 4, 5], [0, 2, 3, 4, 5], [0, 5], [0, 4], [0, 3], [1]] {
      let sum = used.reduce(Expression(0)) { $0 + .input($1) * Expression(Double($1 + 1)) }
      let output = TensorView(MemoryRange(try OpenCLBuffer(context, size: count * 4)), shape: shape)
      var builder = ProgramBuilder()
      let launch = try Pointwise([sum], outputs: [output], inputs: views).plan(device, &builder)
      try context.queue.enqueue(try launch.bind(try builder.build(context)))
      let result = try context.readFloats(output.memory)
      for i in 0..<count {
        let expected = sum.evaluate(inputs: sources.map { $0[i] })
        #expect(abs(Double(result[i]) - expected) < 1e-3, "views \(used), element \(i)")
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases)
  func anOutputMayBeASlice(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let whole = try context.buffer([Float](repeating: -1, count: 40))
    let output = TensorView(whole.range(at: 12, size: 4 * 37), shape: [4, 6], strides: [10, 1])
    let input = TensorView(try context.buffer(numbers(24, seed: 9)), shape: [4, 6])
    var builder = ProgramBuilder()
    let launch = try Pointwise([.input(0)], outputs: [output], inputs: [input]).plan(device, &builder)
    try context.queue.enqueue(try launch.bind(try builder.build(context)))
    let result = try context.readFloats(whole)
    for row in 0..<4 {
      for column in 0..<10 {
        let expected = column >= 3 && column < 9 ? numbers(24, seed: 9)[row * 6 + column - 3] : -1
        #expect(result[row * 10 + column] == expected)
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1], [64], [1, 200], [7, 131], [3, 5, 48]])
  func randomNumbersAreThoseOfTheHost(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let seed: UInt64 = 0x1234_5678_9ABC_DEF0
    let count = shape.reduce(1, *)
    // Rows with a gap between them, so that the columns are walked row by row.
    let padded = shape.dropLast() + [shape[shape.count - 1] + 3]
    let strides = TensorView.rowMajorStrides(Array(padded))
    let size = padded.reduce(1, *)
    let output = TensorView(MemoryRange(try OpenCLBuffer(context, size: size * 4)), shape: shape, strides: strides)
    var builder = ProgramBuilder()
    let sum = Expression.random(stream: 3)
    let launch = try Pointwise([sum], outputs: [output], inputs: []).plan(device, &builder)
      .bind(try builder.build(context))
    try launch.set("key0", to: .uint(UInt32(truncatingIfNeeded: seed)))
    try launch.set("key1", to: .uint(UInt32(truncatingIfNeeded: seed >> 32)))
    try launch.set("step", to: .uint(17))
    try context.queue.enqueue(launch)
    let result = output.elements(of: try context.readFloats(output.memory))
    let philox = Philox(seed: seed)
    for i in 0..<count { #expect(result[i] == philox.uniform(element: i, step: 17, stream: 3)) }
  }

  @Test func equalKernelsAreBuiltOnce() throws {
    let context = try TestDevice.context()
    let view = TensorView(try context.buffer(numbers(100, seed: 1)), shape: [100])
    var builder = ProgramBuilder()
    let first = try Pointwise([.exp(.input(0))], outputs: [view], inputs: [view]).plan(context.device, &builder)
    let second = try Pointwise([.exp(.input(0))], outputs: [view], inputs: [view]).plan(context.device, &builder)
    let third = try Pointwise([.tanh(.input(0))], outputs: [view], inputs: [view]).plan(context.device, &builder)
    #expect(first.kernel == second.kernel)
    #expect(first.kernel != third.kernel)
  }
}

struct RenderingTests {
  @Test func statementsAreSharedAndLiteralsExact() {
    let x = Expression.input(0)
    let square = x * x
    let rendering = OpenCLRendering(
      [square + Expression(0.1), .select(Expression.less(square, .uniform(0)), 0, square)],
      OpenCLRendering.Names(type: "float4", uniform: { _ in "limit" }))
    #expect(
      rendering.statements == [
        "const float4 t0 = x0 * x0;",
        "const float4 t1 = t0 + 0x1.99999ap-4f;",
        "const float4 t2 = t0 < (float4)(limit) ? (float4)(0.0f) : t0;",
      ])
    #expect(rendering.results == ["t1", "t2"])
    #expect(OpenCLRendering.literal(.infinity) == "INFINITY")
    #expect(OpenCLRendering.literal(-.infinity) == "(-INFINITY)")
    #expect(OpenCLRendering.literal(.nan) == "NAN")
    #expect(OpenCLRendering.literal(-2) == "(-2.0f)")
    #expect(OpenCLRendering.literal(-0.0) == "(-0.0f)")
    #expect(OpenCLRendering.literal(0.1) == "0x1.99999ap-4f")
  }
}
