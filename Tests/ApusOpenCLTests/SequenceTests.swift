import ApusCompiler
import ApusExpression
import ApusGraph
import ApusTestSupport
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct SequenceTests {
  static let shapes: [AttentionShape] = [
    AttentionShape(batch: 1, length: 1, heads: 1, width: 1, isCausal: true),
    AttentionShape(batch: 2, length: 5, heads: 2, width: 3, isCausal: false),
    AttentionShape(batch: 1, length: 18, heads: 1, width: 5, isCausal: true),
    AttentionShape(batch: 1, length: 33, heads: 1, width: 17, isCausal: true),
    AttentionShape(batch: 3, length: 41, heads: 2, width: 20, isCausal: true),
    AttentionShape(batch: 1, length: 70, heads: 3, width: 64, isCausal: false),
    AttentionShape(batch: 1, length: 64, heads: 4, width: 32, isCausal: true),
  ].filter { !TestDevice.hasTinyShapes || $0.length < 20 }

  @Test(
    arguments:
      TestDevice.hasTinyShapes
      ? [AttentionHeads.Variant.wide, .tiled(block: 16)] : [.wide, .tiled(block: 16), .tiled(block: 32)])
  func attentionAgreesWithDouble(variant: AttentionHeads.Variant) throws {
    let context = try TestDevice.context()
    let device = context.device
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var checks: [(name: String, output: MemoryRange, expected: [Double])] = []
    for shape in Self.shapes {
      let values = numbers(shape.packedShape.count, seed: 1)
      let upstream = numbers(shape.resultShape.count, seed: 2)
      let heads = AttentionHeads(shape, packed: try context.buffer(values))
      let result = try context.buffer([Float](repeating: .nan, count: upstream.count))
      let gradient = try context.buffer([Float](repeating: .nan, count: values.count))
      let scratch = try [false, true].map { isGradient in
        let size = heads.scratchSize(variant, isGradient: isGradient, device)
        return try context.buffer([Float](repeating: .nan, count: max(size / 4, 1)))
      }
      launches.append(try heads.plan(to: result, device, variant, scratch: scratch[0], &builder))
      launches += try heads.planGradient(
        result: result, upstream: try context.buffer(upstream), to: gradient, device, variant, scratch: scratch[1],
        &builder)
      let packed: (Int) -> Double = { Double(values[$0]) }
      checks.append(("\(shape)", result, AttentionReference.attention(shape, packed)))
      checks.append(("\(shape)", gradient, AttentionReference.gradient(shape, packed) { Double(upstream[$0]) }))
    }
    try context.queue.enqueue(try launches.bind(try builder.build(context)))
    for check in checks {
      let result = try context.readFloats(check.output).map(Double.init)
      #expect(ConformanceValues.error(result, check.expected) < Tolerance.sums, "\(check.name)")
    }
  }

  @Test func aHeadTooWideForLocalMemoryIsComputedByTheProcessorsVariant() throws {
    var device = try TestDevice.context().device
    device.style = .tiled
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    func variant(_ width: Int) -> AttentionHeads.Variant {
      let shape = AttentionShape(batch: 1, length: 8, heads: 1, width: width, isCausal: true)
      return AttentionHeads(shape, packed: memory).bestVariant(for: device)
    }
    #expect(variant(64) == .tiled(block: 32))
    #expect(variant(128) == .tiled(block: 16))
    #expect(variant(1024) == .wide)
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [1, 37, 100])
  func sparseProductsAgreeWithDouble(style: OpenCLDevice.Style, width: Int) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let kernel = SparseProductKernel(rows: 9, length: 13, tableRows: 21, columns: width)
    // Rows of different lengths, one of them empty; behind a row's end stand columns that do not count.
    let columns = (0..<9 * 13).map { (index: Int) -> Int32 in
      let end = index / 13 * 3 % 13
      return index % 13 == end ? -1 : Int32(index * 5 % 21)
    }
    let values = numbers(9 * 13, seed: 1)
    let table = numbers(21 * width, seed: 2)
    let upstream = numbers(9 * width, seed: 3)
    let memory = (try context.buffer(columns), try context.buffer(values))
    let output = try context.buffer([Float](repeating: .nan, count: 9 * width))
    let gradient = try context.buffer([Float](repeating: .nan, count: 21 * width))
    let scratch = MemoryRange(try OpenCLBuffer(context, size: SparseMatrix.gradientScratchSize(kernel)))
    var builder = ProgramBuilder()
    var launches = [
      try SparseMatrix.planProduct(
        kernel, columns: memory.0, values: memory.1, table: try context.buffer(table), output: output, device,
        &builder)
    ]
    launches += try SparseMatrix.planGradient(
      kernel, columns: memory.0, values: memory.1, upstream: try context.buffer(upstream), output: gradient,
      scratch: scratch, device, &builder)
    try context.queue.enqueue(try launches.bind(try builder.build(context)))
    let column: (Int) -> Double = { Double(columns[$0]) }
    let value: (Int) -> Double = { Double(values[$0]) }
    let expected = [
      SparseReference.product(kernel, column, value) { Double(table[$0]) },
      SparseReference.gradient(kernel, column, value) { Double(upstream[$0]) },
    ]
    for (range, expected) in zip([output, gradient], expected) {
      let result = try context.readFloats(range).map(Double.init)
      #expect(ConformanceValues.error(result, expected) < Tolerance.arithmetic * 4)
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases)
  func sparseRowsArePadded(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let starts: [Int32] = [0, 3, 3, 8]
    let entries = (0..<8).map { UInt8($0 + 10) }
    let picks: [Int32] = [2, 0, 1, 7]
    let kernel = SparseRowsKernel(rows: 4, length: 6, tableRows: 3, entryCount: 8)
    let output = TensorView(try context.buffer([Float](repeating: .nan, count: 24)), shape: [4, 6])
    var builder = ProgramBuilder()
    let launch = try SparseMatrix.planRows(
      kernel, starts: try context.buffer(starts), entries: TensorView(try context.buffer(entries), .uint8, shape: [8]),
      picks: try context.buffer(picks), output: output, device, &builder)
    try context.queue.enqueue(try launch.bind(try builder.build(context)))
    let last: [Float] = [13, 14, 15, 16, 17, 0]
    #expect(try context.readFloats(output.memory) == last + [10, 11, 12, 0, 0, 0] + [0, 0, 0, 0, 0, 0] + last)
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 1], [7, 10], [5, 333]])
  func softmaxAgreesWithDouble(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let (rows, columns) = (shape[0], shape[1])
    let values = numbers(rows * columns, seed: 6, range: 30)
    // In place, as the compiler may ask for.
    let logits = TensorView(try context.buffer(values), shape: shape)
    let sums = try context.buffer([Float](repeating: .nan, count: rows))
    var builder = ProgramBuilder()
    let launches = [
      try SoftmaxRows(logits: logits).planLogSums(sums, device, &builder),
      try SoftmaxRows(logits: logits).planProbabilities(logits, device, &builder),
    ]
    try context.queue.enqueue(try launches.bind(try builder.build(context)))
    let sumResult = try context.readFloats(sums)
    let result = try context.readFloats(logits.memory)
    for row in 0..<rows {
      let logit = (0..<columns).map { Double(values[row * columns + $0]) }
      let largest = logit.max() ?? 0
      let sum = largest + Expression.Unary.log.apply(logit.reduce(0) { $0 + Expression.Unary.exp.apply($1 - largest) })
      #expect(abs(Double(sumResult[row]) - sum) < 4e-6 * max(1, abs(sum)))
      for column in 0..<columns {
        let expected = Expression.Unary.exp.apply(logit[column] - sum)
        #expect(abs(Double(result[row * columns + column]) - expected) < 4e-6)
      }
    }
  }
}
