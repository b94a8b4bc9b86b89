import ApusCPU
import ApusCPUKernels
import ApusExpression
import Testing

/// A matrix product to test: extents, how the operands lie, and what surrounds it.
struct ProductCase: Sendable, CustomStringConvertible {
  var m: Int
  var n: Int
  var k: Int
  var leftTransposed = false
  var rightTransposed = false
  /// Floats between neighbouring elements of both operands; over 1 neither direction is contiguous.
  var spread = 1
  /// Unused floats at the end of every row of C.
  var gap = 0
  var accumulates = false
  var batch: [Int] = []
  /// Whether all batch entries have the same right operand.
  var sharesRight = false

  var description: String {
    "\(batch) \(m)×\(n)×\(k)\(leftTransposed ? " Aᵀ" : "")\(rightTransposed ? " Bᵀ" : "")"
      + "\(spread > 1 ? " spread" : "")\(gap > 0 ? " gap" : "")\(accumulates ? " +=" : "")\(sharesRight ? " shared" : "")"
  }

  var shape: MatrixShape {
    func layout(_ rows: Int, _ columns: Int, _ transposed: Bool, shared: Bool) -> MatrixShape.Layout {
      var strides: [Int] = []
      var step = rows * columns * spread
      for extent in batch.reversed() {
        strides.insert(shared ? 0 : step, at: 0)
        step *= extent
      }
      return .init(
        rowStride: (transposed ? 1 : columns) * spread, columnStride: (transposed ? rows : 1) * spread,
        batchStrides: strides)
    }
    var output = layout(m, n + gap, false, shared: false)
    output.rowStride = n + gap
    output.batchStrides = output.batchStrides.map { $0 / spread }
    output.columnStride = 1
    return MatrixShape(
      m: m, n: n, k: k, batch: batch, left: layout(m, k, leftTransposed, shared: false),
      right: layout(k, n, rightTransposed, shared: sharesRight), output: output)
  }

  static let all: [ProductCase] = {
    var cases: [ProductCase] = []
    for (m, n, k) in [
      (1, 1, 1), (1, 7, 3), (7, 1, 5), (2, 3, 0), (5, 16, 9), (6, 8, 4), (12, 32, 8), (13, 33, 17), (11, 31, 7),
      (23, 65, 31),
      (37, 129, 257), (100, 10, 200), (64, 64, 64), (97, 101, 103),
    ] {
      for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
        cases.append(ProductCase(m: m, n: n, k: k, leftTransposed: left, rightTransposed: right))
      }
    }
    cases += [
      ProductCase(m: 100, n: 200, k: 784, rightTransposed: true),
      ProductCase(m: 200, n: 784, k: 100, leftTransposed: true), ProductCase(m: 100, n: 784, k: 200),
      ProductCase(m: 13, n: 33, k: 17, spread: 2), ProductCase(m: 1, n: 50, k: 70, rightTransposed: true, spread: 3),
      ProductCase(m: 13, n: 35, k: 900, gap: 5), ProductCase(m: 37, n: 41, k: 800, accumulates: true),
      // Cut along the summation.
      ProductCase(m: 9, n: 17, k: 5003, leftTransposed: true),
      ProductCase(m: 9, n: 17, k: 4096, gap: 3, accumulates: true),
      // Panels packed in tasks: several blocks of the summation, cut along it, a narrow last panel, several entries.
      ProductCase(m: 100, n: 250, k: 1100, rightTransposed: true, gap: 1),
      ProductCase(m: 50, n: 500, k: 530), ProductCase(m: 100, n: 60, k: 2100, rightTransposed: true, accumulates: true),
      ProductCase(m: 61, n: 262, k: 700, leftTransposed: true, accumulates: true),
      ProductCase(m: 64, n: 513, k: 260, batch: [2]),
      // Stretches of the summation, each for all of a task's part of C: rows of A far apart, narrow last panels,
      // several entries, a right operand that they share.
      ProductCase(m: 131, n: 65, k: 389, leftTransposed: true, gap: 3),
      ProductCase(m: 521, n: 37, k: 257, leftTransposed: true, accumulates: true),
      ProductCase(m: 97, n: 40, k: 300, leftTransposed: true, batch: [3]),
      ProductCase(m: 300, n: 33, k: 290, leftTransposed: true, batch: [2], sharesRight: true),
      // The next rows of A are fetched where they are read in place.
      ProductCase(m: 389, n: 70, k: 601), ProductCase(m: 262, n: 33, k: 129, rightTransposed: true, batch: [2]),
      // Packed operands on both sides.
      ProductCase(m: 520, n: 400, k: 40, leftTransposed: true, rightTransposed: true),
      ProductCase(m: 390, n: 1030, k: 30), ProductCase(m: 300, n: 400, k: 130),
      ProductCase(m: 16, n: 16, k: 8, batch: [3, 5]),
      ProductCase(m: 13, n: 17, k: 19, rightTransposed: true, batch: [7]),
      ProductCase(m: 13, n: 17, k: 19, rightTransposed: true, batch: [4], sharesRight: true),
      ProductCase(m: 5, n: 6, k: 2100, leftTransposed: true, batch: [2], sharesRight: true),
    ]
    return cases
  }()
}

@Suite struct MatrixProductTests {
  /// The product, its operands, and what the epilogue saw.
  final class Run {
    var c: [Float] = []
    var expected: [Double] = []
    var magnitudes: [Double] = []
    var visits: [Int] = []
    /// The sums of A's rows, where the product computes them too.
    var rowSums: [Float]?
    var expectedRowSums: [Double] = []
    var rowMagnitudes: [Double] = []
  }

  static func run(_ test: ProductCase, _ device: Device, threads: Int? = nil) -> Run {
    let shape = test.shape
    let pool = ThreadPool(threadCount: threads ?? device.threadCount)
    let entries = test.batch.reduce(1, *)
    let random = Philox(seed: 3)
    func draw(_ count: Int, _ stream: UInt32) -> [Float] {
      // Room past the end for the vectors that are read.
      (0..<count + 16).map { random.uniform(element: $0, step: 0, stream: stream) * 2 - 1 }
    }
    let a = draw(entries * test.m * test.k * test.spread, 0)
    let b = draw(entries * test.k * test.n * test.spread, 1)
    let result = Run()
    result.c = draw(entries * test.m * (test.n + test.gap), 2)
    let start = result.c
    result.expected = start.map(Double.init)
    result.magnitudes = result.expected.map { test.accumulates ? $0.magnitude : 0 }
    result.visits = start.map { _ in 0 }

    func offset(_ entry: Int, _ layout: MatrixShape.Layout) -> Int {
      var rest = entry
      var sum = 0
      for (extent, stride) in zip(test.batch, layout.batchStrides).reversed() {
        sum += rest % extent * stride
        rest /= extent
      }
      return sum
    }
    for entry in 0..<entries {
      let (left, right) = (offset(entry, shape.left), offset(entry, shape.right))
      for i in 0..<test.m {
        for j in 0..<test.n {
          var sum = 0.0
          var magnitude = 0.0
          for p in 0..<test.k {
            let term =
              Double(a[left + i * shape.left.rowStride + p * shape.left.columnStride])
              * Double(b[right + p * shape.right.rowStride + j * shape.right.columnStride])
            sum += term
            magnitude += term.magnitude
          }
          let index = offset(entry, shape.output) + i * shape.output.rowStride + j
          result.expected[index] = sum + (test.accumulates ? Double(start[index]) : 0)
          result.magnitudes[index] += magnitude
        }
      }
    }

    // One more than are written, which must stay as it is.
    let sums = draw(test.m + 1, 3)
    for i in 0...test.m {
      let start = i == test.m || test.accumulates ? Double(sums[i]) : 0
      let row = (0..<(i == test.m ? 0 : test.k)).map {
        Double(a[i * shape.left.rowStride + $0 * shape.left.columnStride])
      }
      result.expectedRowSums.append(row.reduce(start, +))
      result.rowMagnitudes.append(row.reduce(start.magnitude) { $0 + $1.magnitude })
    }

    let product = MatrixProduct(shape, kernels: device.kernels.matrix, threadCount: pool.threadCount)
    let rowSums = UnsafeMutablePointer<Float>.allocate(capacity: sums.count)
    rowSums.initialize(from: sums, count: sums.count)
    defer {
      if product.sumsRows { result.rowSums = Array(UnsafeBufferPointer(start: rowSums, count: test.m + 1)) }
      rowSums.deallocate()
    }
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: product.scratchCount * 4 + 64, alignment: 64)
      .bindMemory(to: Float.self, capacity: product.scratchCount)
    scratch.initialize(repeating: .nan, count: product.scratchCount)
    defer { scratch.deallocate() }
    result.visits.withUnsafeMutableBufferPointer { visits in
      nonisolated(unsafe) let visits = visits
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          result.c.withUnsafeMutableBufferPointer { c in
            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
            nonisolated(unsafe) let first = c
            product.run(
              .init(
                a: a, b: b, c: c, accumulates: test.accumulates, rowSums: product.sumsRows ? rowSums : nil),
              scratch: scratch, on: pool
            ) { _, _, rows, columns, part in
              for i in 0..<rows.count {
                for j in 0..<columns.count { visits[part + i * shape.output.rowStride + j - first] += 1 }
              }
            }
          }
        }
      }
    }
    return result
  }

  @Test(arguments: ProductCase.all, Device.all)
  func equalsTheSumInDoublePrecision(test: ProductCase, device: Device) {
    let run = Self.run(test, device)
    for (index, expected) in run.expected.enumerated() {
      // Rounding errors of a sum grow at most with its length, and by experience with the root of it.
      let bound = run.magnitudes[index] * 0x1p-23 * (2 + Double(test.k).squareRoot() / 4)
      let actual = Double(run.c[index])
      if (actual - expected).magnitude > bound {
        Issue.record("element \(index): \(actual) instead of \(expected)")
        return
      }
    }
  }

  @Test(arguments: ProductCase.all, Device.all)
  func sumsTheRowsOfTheLeftOperand(test: ProductCase, device: Device) throws {
    let run = Self.run(test, device)
    guard let sums = run.rowSums else {
      // Where A's columns are contiguous only batches, long sums, and what is carried out transposed have none.
      let isSuitable = test.leftTransposed && test.spread == 1 && test.batch.isEmpty
      #expect(!isSuitable || test.k >= 2048 || min(test.m, test.n) == 1)
      return
    }
    for (row, expected) in run.expectedRowSums.enumerated() {
      let bound = run.rowMagnitudes[row] * 0x1p-23 * (2 + Double(test.k).squareRoot() / 4)
      #expect((Double(sums[row]) - expected).magnitude <= bound, "row \(row)")
    }
  }

  @Test(arguments: ProductCase.all, Device.all)
  func passesEveryElementToTheEpilogueOnce(test: ProductCase, device: Device) {
    let run = Self.run(test, device)
    let row = test.n + test.gap
    let expected = run.visits.indices.map { $0 % row < test.n && $0 < run.visits.count - 16 ? 1 : 0 }
    #expect(run.visits == expected)
  }

  @Test(arguments: KernelTable.available.map { Device(kernels: $0, threadCount: 1) })
  func doesNotDependOnTheNumberOfThreads(device: Device) {
    for test in [
      ProductCase(m: 100, n: 200, k: 784, rightTransposed: true), ProductCase(m: 9, n: 17, k: 5003),
      ProductCase(m: 260, n: 190, k: 300), ProductCase(m: 100, n: 500, k: 600),
      ProductCase(m: 13, n: 17, k: 19, batch: [7]), ProductCase(m: 200, n: 784, k: 100, leftTransposed: true),
      ProductCase(m: 520, n: 400, k: 700, leftTransposed: true),
    ] {
      let alone = Self.run(test, device, threads: 1)
      for threads in [2, 3, 7] {
        let run = Self.run(test, device, threads: threads)
        #expect(run.c == alone.c)
        #expect(run.rowSums == alone.rowSums)
      }
    }
  }
}
