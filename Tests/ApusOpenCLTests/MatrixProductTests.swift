import ApusCompiler
import ApusExpression
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct MatrixProductTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    let m: Int
    let n: Int
    let k: Int
    var batch = 1
    /// One that has no edges in tiles of a side.
    static func exact(_ side: Int) -> Shape { Shape(m: side, n: side, k: side) }

    var testDescription: String { "\(batch) x [\(m), \(k)] [\(k), \(n)]" }
  }

  static let shapes: [Shape] = [
    Shape(m: 1, n: 1, k: 1), Shape(m: 1, n: 129, k: 7), Shape(m: 3, n: 65, k: 16), Shape(m: 13, n: 33, k: 17),
    Shape(m: 12, n: 32, k: 64), Shape(m: 31, n: 10, k: 37), Shape(m: 10, n: 17, k: 129), Shape(m: 65, n: 67, k: 47),
    Shape(m: 61, n: 5, k: 9), Shape(m: 129, n: 130, k: 9), Shape(m: 5, n: 7, k: 11, batch: 3),
    Shape(m: 37, n: 41, k: 43, batch: 2), .exact(32), .exact(128),
  ].filter { !TestDevice.hasTinyShapes || $0.m * $0.n * $0.k < 6000 || ($0.m, $0.n, $0.k) == (32, 32, 32) }

  /// A family of variants: those of a style, or those of a precision on tensor cores, whose instruction is restated.
  enum Family: CaseIterable {
    case wide, tiled, tf32, bf16

    var precision: Precision {
      switch self {
      case .wide, .tiled: .float32
      case .tf32: .tf32
      case .bf16: .bf16
      }
    }
  }

  /// The variants of a family that can compute a shape with these transpositions.
  private static func variants(
    _ family: Family, _ shape: Shape, aTransposed: Bool, bTransposed: Bool
  ) -> [MatrixProduct.Variant] {
    var variants: [MatrixProduct.Variant] = []
    switch family {
    case .wide:
      for (packsA, packsB) in [(false, false), (false, true), (true, true)] {
        let tile = WideTile(m: shape.m, n: shape.n, packsA: packsA, packsB: packsB)
        guard packsB || (!bTransposed && shape.n >= tile.n) else { continue }
        variants.append(.wide(packsA: packsA, packsB: packsB, splits: 1))
        if shape.k >= 40 { variants.append(.wide(packsA: packsA, packsB: packsB, splits: 3)) }
      }
      if !aTransposed && bTransposed && shape.k >= 16 { variants.append(.dot) }
    case .tiled:
      variants = [.tiled(tile: 32, splits: 1), .tiled(tile: 64, splits: 1)]
      if shape.m > 60 { variants.append(.tiled(tile: 128, splits: 1)) }
      if shape.k >= 40 { variants.append(.tiled(tile: 32, splits: 3)) }
    case .tf32, .bf16:
      // An interpreter of kernels takes a second for every other warp.
      if TestDevice.hasTinyShapes { return shape.m == 5 ? [.tensor(tile: 32, splits: shape.k >= 40 ? 3 : 1)] : [] }
      variants = [.tensor(tile: 32, splits: 1)]
      // The large tiles, whose compiling takes long, where they end inside the shape.
      if shape.m > 64 { variants.append(.tensor(tile: shape.m > 128 ? 128 : 64, splits: 1)) }
      if shape.k >= 40 { variants.append(.tensor(tile: 32, splits: 3)) }
    }
    return variants
  }

  /// One variant computing one shape, and how to check it.
  private struct Case {
    let name: String
    let output: MemoryRange
    let check: ([Float]) -> Double
  }

  /// All shapes and variants in one program, because what takes the time here is compiling. Where a precision rounds
  /// operands, so does the expected value: the tolerance is that of sums in float32 throughout.
  @Test(arguments: Family.allCases)
  func everyVariantAgreesWithDouble(family: Family) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.tensorCores = .emulated
    let precision = family.precision
    var builder = ProgramBuilder()
    var cases: [Case] = []
    var launches: [PlannedLaunch] = []
    let transpositions = [(false, false), (false, true), (true, false), (true, true)]
    for (shape, (aTransposed, bTransposed)) in Self.shapes.flatMap({ shape in transpositions.map { (shape, $0) } }) {
      let (m, n, k, batch) = (shape.m, shape.n, shape.k, shape.batch)
      let a = numbers(batch * m * k, seed: 1)
      let b = numbers(batch * k * n, seed: 2)
      let rowBias = numbers(n, seed: 3)
      let columnBias = numbers(batch * m, seed: 4)
      let full = numbers(batch * m * n, seed: 5)
      let (aRow, aColumn) = aTransposed ? (1, m) : (k, 1)
      let (bRow, bColumn) = bTransposed ? (1, k) : (n, 1)
      let inputs = [
        TensorView(try context.buffer(rowBias), shape: [m, n], strides: [0, 1]),
        TensorView(try context.buffer(columnBias), shape: [batch, m, n], strides: [m, 1, 0]),
        TensorView(try context.buffer(full), shape: [batch, m, n]),
        TensorView(try context.buffer([Float(0.5)]), shape: [m, n], strides: [0, 0]),
      ]
      let epilogue: Expression = .max(.input(0) * .uniform(0) + .input(1), .input(2)) + .input(3) * .input(4)
      let aMemory = try context.buffer(a)
      let bMemory = try context.buffer(b)
      var expected = [Double](repeating: 0, count: batch * m * n)
      for z in 0..<batch {
        for i in 0..<m {
          for j in 0..<n {
            var sum = 0.0
            for p in 0..<k {
              sum +=
                Double(precision.rounded(a[z * m * k + i * aRow + p * aColumn]))
                * Double(precision.rounded(b[z * k * n + p * bRow + j * bColumn]))
            }
            expected[(z * m + i) * n + j] =
              max(sum * 1.5 + Double(rowBias[j]), Double(columnBias[z * m + i])) + Double(full[(z * m + i) * n + j])
              * 0.5
          }
        }
      }
      // Rows of C with a gap between them, which must stay as it is.
      let cStride = n + 3
      for variant in Self.variants(family, shape, aTransposed: aTransposed, bTransposed: bTransposed) {
        let output = try context.buffer([Float](repeating: -77, count: batch * m * cStride))
        var product = MatrixProduct(
          m: m, n: n, k: k, batch: batch,
          a: .init(aMemory, rowStride: aRow, columnStride: aColumn, batchStride: batch > 1 ? m * k : 0),
          b: .init(bMemory, rowStride: bRow, columnStride: bColumn, batchStride: batch > 1 ? k * n : 0),
          c: .init(output, rowStride: cStride, columnStride: 1, batchStride: m * cStride), epilogue: epilogue,
          inputs: inputs, precision: precision)
        if product.sumsRows(variant) {
          // One more than are written, which must stay as it is.
          let sums = try context.buffer([Float](repeating: -77, count: m + 1))
          product.rowSums = sums
          let rows = (0..<m).map { i in (0..<k).reduce(0.0) { $0 + Double(a[i * aRow + $1 * aColumn]) } } + [-77]
          cases.append(
            Case(name: "row sums of \(shape.testDescription), transposed \(bTransposed), by \(variant)", output: sums) {
              let worst = zip($0, rows).map { abs(Double($0) - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
              return worst / Double(k + 8)
            })
        }
        let size = product.scratchSize(variant)
        let scratch = size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
        launches += try product.plan(device, variant, scratch: scratch, &builder)
        cases.append(
          Case(
            name: "\(shape.testDescription), transposed \(aTransposed) \(bTransposed), by \(variant)", output: output
          ) { result in
            var worst = 0.0
            for (index, value) in result.enumerated() {
              let (row, column) = index.quotientAndRemainder(dividingBy: cStride)
              let error = abs(Double(value) - (column < n ? expected[row * n + column] : -77))
              worst = error.isNaN ? .infinity : max(worst, error)
            }
            return worst / Double(k + 8)
          })
      }
    }
    let program = try builder.build(context)
    for launch in try launches.bind(program) {
      try launch.set("u0", to: .float(1.5))
      try context.queue.enqueue(launch)
    }
    for item in cases { #expect(item.check(try context.readFloats(item.output)) < 2e-6, "\(item.name)") }
  }

  @Test(arguments: shapes, OpenCLDevice.Style.allCases)
  func theChosenVariantCanRun(shape: Shape, style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let memory = MemoryRange(try OpenCLBuffer(context, size: 1 << 20))
    for (aTransposed, bTransposed) in [(false, false), (false, true), (true, false), (true, true)] {
      let (m, n, k) = (shape.m, shape.n, shape.k * 100)
      let product = MatrixProduct(
        m: m, n: n, k: k, batch: shape.batch,
        a: .init(memory, rowStride: aTransposed ? 1 : k, columnStride: aTransposed ? m : 1),
        b: .init(memory, rowStride: bTransposed ? 1 : n, columnStride: bTransposed ? k : 1),
        c: .init(memory, rowStride: n, columnStride: 1), epilogue: .tanh(.input(0)))
      let size = product.scratchSize(product.bestVariant(for: device))
      let scratch = MemoryRange(try OpenCLBuffer(context, size: size))
      var builder = ProgramBuilder()
      #expect(try !product.plan(device, scratch: scratch, &builder).isEmpty)
    }
  }
}
