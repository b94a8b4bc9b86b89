import ApusExpression
import Foundation
import Testing

import ApusOpenCL

/// Times of matrix products beside OpenBLAS's and CLBlast's; run with `APUS_MEASURE=1` on an otherwise idle machine.
///
/// Both peers are opened at run time (libopenblas0, libclblast1). OpenBLAS gets as many threads as the device has compute units.
@Suite(
  .serialized,
  .enabled(if: TestDevice.isPresent && ProcessInfo.processInfo.environment["APUS_MEASURE"] == "1", "set APUS_MEASURE=1")
)
struct SpeedTests {
  struct Product: CustomTestStringConvertible, Sendable {
    let m: Int
    let n: Int
    let k: Int
    let aTransposed: Bool
    let bTransposed: Bool
    var testDescription: String { "\(m)x\(n)x\(k) \(aTransposed ? "T" : "N")\(bTransposed ? "T" : "N")" }
  }

  static let products: [Product] = [
    Product(m: 512, n: 512, k: 512, aTransposed: false, bTransposed: false),
    Product(m: 1024, n: 1024, k: 1024, aTransposed: false, bTransposed: false),
    Product(m: 1024, n: 1024, k: 1024, aTransposed: false, bTransposed: true),
    Product(m: 2048, n: 2048, k: 2048, aTransposed: false, bTransposed: false),
    Product(m: 100, n: 200, k: 784, aTransposed: false, bTransposed: true),
    Product(m: 200, n: 784, k: 100, aTransposed: true, bTransposed: false),
    Product(m: 100, n: 784, k: 200, aTransposed: false, bTransposed: false),
    Product(m: 100, n: 200, k: 200, aTransposed: false, bTransposed: true),
    Product(m: 100, n: 10, k: 200, aTransposed: false, bTransposed: true),
  ]

  @Test(arguments: products)
  func matrixProducts(product: Product) throws {
    let context = try TestDevice.context()
    let (m, n, k) = (product.m, product.n, product.k)
    let a = numbers(m * k, seed: 1)
    let b = numbers(k * n, seed: 2)
    var reference = [Float](repeating: 0, count: m * n)
    let (aMemory, bMemory) = (try context.buffer(a), try context.buffer(b))
    let output = try context.buffer(reference)
    let ours = MatrixProduct(
      m: m, n: n, k: k,
      a: .init(aMemory, rowStride: product.aTransposed ? 1 : k, columnStride: product.aTransposed ? m : 1),
      b: .init(bMemory, rowStride: product.bTransposed ? 1 : n, columnStride: product.bTransposed ? k : 1),
      c: .init(output, rowStride: n, columnStride: 1))
    let variant = ours.bestVariant(for: context.device)
    let scratch = MemoryRange(try OpenCLBuffer(context, size: ours.scratchSize(variant)))
    var builder = ProgramBuilder()
    let planned = try ours.plan(context.device, variant, scratch: scratch, &builder)
    let launches = try planned.bind(try builder.build(context))

    let blas = OpenBLAS(threads: context.device.computeUnits)
    let clblast = CLBlast()
    let operations = 2 * Double(m) * Double(n) * Double(k)
    let repetitions = max(1, Int(2e8 / operations))
    var times: [[Double]] = [[], [], []]
    for round in 0..<9 {
      let runs: [() throws -> Void] = [
        {
          for _ in 0..<repetitions { try context.queue.enqueue(launches) }
          try context.queue.finish()
        },
        { for _ in 0..<repetitions { blas?.multiply(product, a, b, &reference) } },
        {
          guard round < 4 else { return }
          for _ in 0..<repetitions { clblast?.multiply(product, aMemory, bMemory, output, context) }
          try context.queue.finish()
        },
      ]
      for (index, run) in runs.enumerated() {
        // OpenBLAS's threads go on spinning for a while after a call.
        usleep(60_000)
        let start = DispatchTime.now().uptimeNanoseconds
        try run()
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 / Double(repetitions)
        if round > 0 && (index < 2 || round < 4) { times[index].append(seconds) }
      }
    }
    let rates = times.map { operations / $0.sorted()[$0.count / 2] * 1e-9 }
    func text(_ value: Double) -> String { String(format: "%6.1f", value) }
    print(
      "\(product.testDescription) \(variant): \(text(rates[0])) GFLOP/s; OpenBLAS \(text(rates[1])), ratio",
      "\(String(format: "%.2f", rates[0] / rates[1])); CLBlast \(text(rates[2])),",
      "ratio \(String(format: "%.1f", rates[0] / rates[2]))")
    #expect(rates[0] > 0)
  }
}

/// OpenBLAS, opened at run time.
private struct OpenBLAS {
  private typealias Multiply =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float,
      UnsafeMutablePointer<Float>, Int32
    ) -> Void
  private let function: Multiply

  init?(threads: Int) {
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW), let multiply = dlsym(library, "cblas_sgemm"),
      let setThreads = dlsym(library, "openblas_set_num_threads")
    else { return nil }
    unsafeBitCast(setThreads, to: (@convention(c) (Int32) -> Void).self)(Int32(threads))
    function = unsafeBitCast(multiply, to: Multiply.self)
  }

  func multiply(_ product: SpeedTests.Product, _ a: [Float], _ b: [Float], _ c: inout [Float]) {
    let (m, n, k) = (Int32(product.m), Int32(product.n), Int32(product.k))
    function(
      101, product.aTransposed ? 112 : 111, product.bTransposed ? 112 : 111, m, n, k, 1, a,
      product.aTransposed ? m : k, b, product.bTransposed ? k : n, 0, &c, n)
  }
}

/// CLBlast, opened at run time.
private struct CLBlast {
  private typealias Multiply =
    @convention(c) (
      Int32, Int32, Int32, Int, Int, Int, Float, OpaquePointer?, Int, Int, OpaquePointer?, Int, Int, Float,
      OpaquePointer?, Int, Int, UnsafeMutablePointer<OpaquePointer?>, UnsafeMutableRawPointer?
    ) -> Int32
  private let function: Multiply

  init?() {
    guard let library = dlopen("libclblast.so.1", RTLD_NOW), let multiply = dlsym(library, "CLBlastSgemm")
    else { return nil }
    function = unsafeBitCast(multiply, to: Multiply.self)
  }

  func multiply(
    _ product: SpeedTests.Product, _ a: MemoryRange, _ b: MemoryRange, _ c: MemoryRange, _ context: OpenCLContext
  ) {
    let (m, n, k) = (product.m, product.n, product.k)
    var queue: OpaquePointer? = context.queue.handle
    let code = function(
      101, product.aTransposed ? 112 : 111, product.bTransposed ? 112 : 111, m, n, k, 1, a.buffer.handle, 0,
      product.aTransposed ? m : k, b.buffer.handle, 0, product.bTransposed ? k : n, 0, c.buffer.handle, 0, n, &queue,
      nil)
    #expect(code == 0, "CLBlast fails")
  }
}
