import ApusExpression
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct RowKernelTests {
  private func device(_ context: OpenCLContext, _ style: OpenCLDevice.Style) -> OpenCLDevice {
    var device = context.device
    device.style = style
    return device
  }

  private func run(
    _ context: OpenCLContext, _ plan: (inout ProgramBuilder) throws -> PlannedLaunch
  ) throws {
    var builder = ProgramBuilder()
    let planned = try plan(&builder)
    try context.queue.enqueue(try planned.bind(try builder.build(context)))
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 1, 1], [100, 10, 1], [3, 17, 5], [1, 1000, 2]])
  func argmaxFindsTheFirstMaximum(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    let (outer, count, inner) = (shape[0], shape[1], shape[2])
    // Few different values, so that maxima repeat; and a NaN.
    var values = numbers(outer * count * inner, seed: 5).map { ($0 * 2).rounded() }
    if values.count > 30 { values[23] = .nan }
    let output = try context.buffer([Int32](repeating: -1, count: outer * inner))
    let input = TensorView(try context.buffer(values), shape: shape)
    try run(context) { try ArgMax(input: input, output: output).plan(device(context, style), &$0) }
    let result = try context.readInts(output)
    for o in 0..<outer {
      for i in 0..<inner {
        let row = (0..<count).map { values[(o * count + $0) * inner + i] }
        let expected = row.firstIndex { $0.isNaN } ?? row.firstIndex(of: row.max() ?? 0) ?? 0
        #expect(result[o * inner + i] == Int32(expected))
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 1], [7, 10], [100, 16], [5, 333], [64, 2]])
  func softmaxCrossEntropyAgreesWithDouble(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    let device = device(context, style)
    let (rows, columns) = (shape[0], shape[1])
    let stride = columns + 2
    var values = numbers(rows * stride, seed: 6, range: 8)
    values[0] = 90
    var labels = (0..<rows).map { Int32($0 * 7 % columns) }
    if rows > 4 { (labels[3], labels[4]) = (-1, Int32(columns)) }
    let upstream = numbers(rows, seed: 7)
    let logits = TensorView(try context.buffer(values), shape: shape, strides: [stride, 1])
    let losses = try context.buffer([Float](repeating: .nan, count: rows))
    let gradient = TensorView(try context.buffer(values), shape: shape, strides: [stride, 1])
    let entropy = SoftmaxCrossEntropy(logits: logits, labels: try context.buffer(labels))
    let inPlace = SoftmaxCrossEntropy(logits: gradient, labels: try context.buffer(labels))
    let scale = TensorView(try context.buffer(upstream), shape: [rows])
    try run(context) { try entropy.plan(losses: losses, gradient: nil, device, &$0) }
    try run(context) { try inPlace.plan(losses: nil, gradient: .init(gradient, upstream: .rows(scale)), device, &$0) }
    let lossResult = try context.readFloats(losses)
    let gradientResult = try context.readFloats(gradient.memory)

    // Both in one launch, in place, with one upstream for all rows.
    let both = TensorView(try context.buffer(values), shape: shape, strides: [stride, 1])
    let lossesToo = try context.buffer([Float](repeating: 0, count: rows))
    let entropyOfBoth = SoftmaxCrossEntropy(logits: both, labels: try context.buffer(labels))
    try run(context) {
      try entropyOfBoth.plan(losses: lossesToo, gradient: .init(both, upstream: .constant(0.25)), device, &$0)
    }
    #expect(try context.readFloats(lossesToo).map(\.bitPattern) == lossResult.map(\.bitPattern))
    let gradientOfBoth = try context.readFloats(both.memory)
    for row in 0..<rows {
      let logit = (0..<columns).map { Double(values[row * stride + $0]) }
      let largest = logit.max() ?? 0
      let sum = logit.reduce(0) { $0 + Expression.Unary.exp.apply($1 - largest) }
      let label = Int(labels[row])
      let isCounted = (0..<columns).contains(label)
      if isCounted {
        let loss = Expression.Unary.log.apply(sum) + largest - logit[label]
        #expect(abs(Double(lossResult[row]) - loss) < 2e-6 * max(1, abs(loss)))
      } else {
        #expect(lossResult[row].isNaN)
      }
      for column in 0..<columns {
        let share = Expression.Unary.exp.apply(logit[column] - largest) / sum - (column == label ? 1 : 0)
        let expected = isCounted ? share * Double(upstream[row]) : 0
        #expect(abs(Double(gradientResult[row * stride + column]) - expected) < 2e-6)
        #expect(abs(Double(gradientOfBoth[row * stride + column]) - (isCounted ? share / 4 : 0)) < 2e-6)
      }
      #expect(gradientResult[row * stride + columns] == values[row * stride + columns])
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, TestDevice.hasTinyShapes ? [1, 37] : [1, 3, 37, 784])
  func rowsAreGathered(style: OpenCLDevice.Style, columns: Int) throws {
    let context = try TestDevice.context()
    let device = device(context, style)
    let bytes = (0..<20 * columns).map { UInt8(truncatingIfNeeded: $0 * 31 + 5) }
    let ints = (0..<20).map { Int32($0 * $0) }
    let indices: [Int32] = [3, 3, 19, 0, -1, 20, 7]
    let mean = numbers(columns, seed: 2)
    let rows = indices.count
    // The indices begin at an offset that is set after planning, as for a later batch.
    let allIndices = try context.buffer([Int32](repeating: 0, count: 128) + indices)
    let output = TensorView(try context.buffer([Float](repeating: 0, count: rows * columns)), shape: [rows, columns])
    let labels = TensorView(try context.buffer([Int32](repeating: 0, count: rows)), .int32, shape: [rows, 1])
    let gather = GatherRows(
      table: TensorView(try context.buffer(bytes), .uint8, shape: [20, columns]), indices: allIndices, output: output,
      epilogue: .input(0) * .uniform(0) - .input(1),
      inputs: [TensorView(try context.buffer(mean), shape: [rows, columns], strides: [0, 1])])
    let labelGather = GatherRows(
      table: TensorView(try context.buffer(ints), .int32, shape: [20, 1]), indices: allIndices, output: labels)
    var builder = ProgramBuilder()
    let launches = [try gather.plan(device, &builder), try labelGather.plan(device, &builder)]
    for launch in try launches.bind(try builder.build(context)) {
      try launch.set("indices", to: .memory(allIndices.range(at: 512, size: 4 * rows)))
      try launch.set("u0", to: .float(1.0 / 256))
      try context.queue.enqueue(launch)
    }
    let result = try context.readFloats(output.memory)
    let labelResult = try context.readInts(labels.memory)
    for (row, index) in indices.enumerated() {
      let isPresent = (0..<20).contains(index)
      #expect(labelResult[row] == (isPresent ? index * index : -1))
      for column in 0..<columns {
        let value = result[row * columns + column]
        if isPresent {
          let expected = Float(bytes[Int(index) * columns + column]) / 256 - mean[column]
          #expect(abs(value - expected) < 1e-6)
        } else {
          #expect(value.isNaN)
        }
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [1, 16, 45])
  func rowsAreScatteredInOrder(style: OpenCLDevice.Style, columns: Int) throws {
    let context = try TestDevice.context()
    let rows = TestDevice.hasTinyShapes ? 20 : 200
    let indices = (0..<rows).map { Int32(($0 * 13) % 9 - 1) }
    let values = numbers(rows * columns, seed: 3)
    var expected = numbers(7 * columns, seed: 4)
    let table = TensorView(try context.buffer(expected), shape: [7, columns])
    let scatter = ScatterAdd(
      input: TensorView(try context.buffer(values), shape: [rows, columns]), indices: try context.buffer(indices),
      table: table)
    try run(context) { try scatter.plan(device(context, style), &$0) }
    for (row, index) in indices.enumerated() where (0..<7).contains(index) {
      for column in 0..<columns { expected[Int(index) * columns + column] += values[row * columns + column] }
    }
    // To the last bit: the order is that of the rows.
    #expect(try context.readFloats(table.memory) == expected)
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 5], [33, 65], [3, 40, 9], [2, 3, 4, 5], [5, 8, 8]])
  func viewsAreCopiedAndTransposed(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    let count = shape.reduce(1, *)
    let values = (0..<count).map { Int32($0) }
    let memory = try context.buffer(values)
    let rank = shape.count
    // The last two dimensions swapped in memory, and the first moved to the end.
    let swapped = Array(0..<rank - 2) + [rank - 1, rank - 2]
    for order in [swapped, Array(1..<rank) + [0], Array(0..<rank)] {
      var strides = shape
      var next = 1
      for axis in order.reversed() {
        strides[axis] = next
        next *= shape[axis]
      }
      let input = TensorView(memory, .int32, shape: shape, strides: strides)
      let output = TensorView(try context.buffer([Int32](repeating: -1, count: count)), .int32, shape: shape)
      try run(context) { try StridedCopy(input, to: output).plan(device(context, style), &$0) }
      #expect(try context.readInts(output.memory) == input.elements(of: values))
    }
  }
}
