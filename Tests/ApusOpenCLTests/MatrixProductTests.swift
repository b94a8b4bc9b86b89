import ApusExpression
import Testing

@testable import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct MatrixProductTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    let m: Int
    let n: Int
    let k: Int
    var batch = 1
    var testDescription: String { "\(batch) x [\(m), \(k)] [\(k), \(n)]" }
  }

  static let shapes: [Shape] = [
    Shape(m: 1, n: 1, k: 1), Shape(m: 1, n: 129, k: 7), Shape(m: 3, n: 65, k: 16), Shape(m: 13, n: 33, k: 17),
    Shape(m: 12, n: 32, k: 64), Shape(m: 31, n: 10, k: 37), Shape(m: 10, n: 17, k: 129), Shape(m: 65, n: 67, k: 47),
    Shape(m: 129, n: 130, k: 9), Shape(m: 5, n: 7, k: 11, batch: 3), Shape(m: 37, n: 41, k: 43, batch: 2),
  ]

  /// The variants that can compute a shape with these transpositions.
  static func variants(_ shape: Shape, aTransposed: Bool, bTransposed: Bool) -> [MatrixProduct.Variant] {
    var variants: [MatrixProduct.Variant] = []
    for packsA in [false, true] {
      for packsB in [false, true] {
        let tile = WideTile(m: shape.m, n: shape.n, packsA: packsA, packsB: packsB)
        if packsB || (!bTransposed && shape.n >= tile.n) {
          variants.append(.wide(packsA: packsA, packsB: packsB, splits: 1))
          if shape.k >= 7 { variants.append(.wide(packsA: packsA, packsB: packsB, splits: 3)) }
        }
      }
    }
    if !aTransposed && bTransposed && shape.k >= 16 { variants.append(.dot) }
    for tile in [32, 64, 128] { variants.append(.tiled(tile: tile, splits: 1)) }
    if shape.k >= 7 { variants.append(.tiled(tile: 32, splits: 3)) }
    return variants
  }

  @Test(arguments: shapes, [(false, false), (false, true), (true, false), (true, true)])
  func everyVariantAgreesWithDouble(shape: Shape, transposed: (a: Bool, b: Bool)) throws {
    let context = try TestDevice.context()
    let (m, n, k, batch) = (shape.m, shape.n, shape.k, shape.batch)
    let aValues = numbers(batch * m * k, seed: 1)
    let bValues = numbers(batch * k * n, seed: 2)
    let rowBias = numbers(n, seed: 3)
    let columnBias = numbers(batch * m, seed: 4)
    let full = numbers(batch * m * n, seed: 5)
    func a(_ z: Int, _ i: Int, _ p: Int) -> Double { Double(aValues[z * m * k + (transposed.a ? p * m + i : i * k + p)]) }
    func b(_ z: Int, _ p: Int, _ j: Int) -> Double { Double(bValues[z * k * n + (transposed.b ? j * k + p : p * n + j)]) }

    let aMemory = try context.buffer(aValues)
    let bMemory = try context.buffer(bValues)
    let inputs = [
      TensorView(try context.buffer(rowBias), shape: [m, n], strides: [0, 1]),
      TensorView(try context.buffer(columnBias), shape: [batch, m, n], strides: [m, 1, 0]),
      TensorView(try context.buffer(full), shape: [batch, m, n]),
      TensorView(try context.buffer([Float(0.5)]), shape: [m, n], strides: [0, 0]),
    ]
    let epilogue: Expression = .max(.input(0) * .uniform(0) + .input(1), .input(2)) + .input(3) * .input(4)
    // Rows of C with a gap between them, which must stay as it is.
    let cStride = n + 3
    var builder = ProgramBuilder()
    var outputs: [MemoryRange] = []
    var launches: [PlannedLaunch] = []
    let variants = Self.variants(shape, aTransposed: transposed.a, bTransposed: transposed.b)
    for (number, variant) in variants.enumerated() {
      let output = try context.buffer([Float](repeating: -77, count: batch * m * cStride))
      let hasEpilogue = number % 2 == 0
      let product = MatrixProduct(
        m: m, n: n, k: k, batch: batch,
        a: .init(
          aMemory, rowStride: transposed.a ? 1 : k, columnStride: transposed.a ? m : 1, batchStride: batch > 1 ? m * k : 0),
        b: .init(
          bMemory, rowStride: transposed.b ? 1 : n, columnStride: transposed.b ? k : 1, batchStride: batch > 1 ? k * n : 0),
        c: .init(output, rowStride: cStride, columnStride: 1, batchStride: m * cStride),
        epilogue: hasEpilogue ? epilogue : .input(0), inputs: hasEpilogue ? inputs : [])
      let size = product.scratchSize(variant)
      let scratch = size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
      launches += try product.plan(context.device, variant, scratch: scratch, &builder)
      outputs.append(output)
    }
    let program = try builder.build(context)
    for launch in try launches.bind(program) {
      try launch.set("u0", to: .float(1.5))
      try context.queue.enqueue(launch)
    }
    for (number, (variant, output)) in zip(variants, outputs).enumerated() {
      let result = try context.readFloats(output)
      var worst = 0.0
      for z in 0..<batch {
        for i in 0..<m {
          for j in 0..<n {
            let product = (0..<k).reduce(0.0) { $0 + a(z, i, $1) * b(z, $1, j) }
            let expected =
              number % 2 == 0
              ? max(product * 1.5 + Double(rowBias[j]), Double(columnBias[z * m + i]))
                + Double(full[(z * m + i) * n + j]) * 0.5 : product
            let error = abs(Double(result[(z * m + i) * cStride + j]) - expected)
            worst = error.isNaN ? .infinity : max(worst, error)
          }
          for j in n..<cStride { #expect(result[(z * m + i) * cStride + j] == -77, "\(variant) writes past a row") }
        }
      }
      #expect(worst < 2e-6 * Double(k + 8), "\(variant)")
    }
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
