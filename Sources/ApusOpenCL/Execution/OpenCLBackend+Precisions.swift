import ApusCompiler

extension OpenCLBackend {
  /// Why a precision cannot be computed in; nil where products were computed on the device and found right.
  func probe(_ precision: Precision) -> String? {
    guard precision != .float32 else { return nil }
    guard device.tensorCores != .absent else {
      guard let capability = device.computeCapability else { return "that takes an NVIDIA GPU with tensor cores" }
      return "that takes compute capability 8.0, and this is \(capability.major).\(capability.minor)"
    }
    do throws(OpenCLError) {
      let error = try TensorProbe(precision).error(on: context)
      return error <= 1 ? nil : "its probe's numbers are off by \(error) times what rounding explains"
    } catch {
      let first = "\(error)".split(separator: "\n").first ?? ""
      return "its probe failed: \(first)"
    }
  }
}

/// A product of low precision whose numbers are known: it decides whether a device's tensor cores are used.
///
/// Its operands have numbers of all 24 bits, so that an operand that was cut off, rounded another way or put in another
/// place shows. All transpositions are tried, because each has its own way into local memory.
struct TensorProbe {
  private let precision: Precision
  private let m = 72
  private let n = 80
  private let k = 100

  init(_ precision: Precision) { self.precision = precision }

  /// The largest error, in units of what float32 sums of these operands, rounded as the precision says, can be off by.
  func error(on context: OpenCLContext) throws(OpenCLError) -> Double {
    let a = TensorProbe.numbers(m * k, key: 0x9E37_79B9)
    let b = TensorProbe.numbers(k * n, key: 0x85EB_CA6B)
    let (left, right) = (try context.buffer(a), try context.buffer(b))
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var results: [(memory: MemoryRange, isLeftTransposed: Bool, isRightTransposed: Bool)] = []
    for (isLeftTransposed, isRightTransposed) in [(false, false), (false, true), (true, false), (true, true)] {
      let output = MemoryRange(try OpenCLBuffer(context, size: m * n * 4))
      let product = MatrixProduct(
        m: m, n: n, k: k,
        a: .init(left, rowStride: isLeftTransposed ? 1 : k, columnStride: isLeftTransposed ? m : 1),
        b: .init(right, rowStride: isRightTransposed ? 1 : n, columnStride: isRightTransposed ? k : 1),
        c: .init(output, rowStride: n, columnStride: 1), precision: precision)
      launches += try product.plan(context.device, .tensor(tile: 64, splits: 1), scratch: nil, &builder)
      results.append((output, isLeftTransposed, isRightTransposed))
    }
    try context.queue.enqueue(try launches.bind(try builder.build(context)))

    let (x, y) = (a.map { Double(precision.rounded($0)) }, b.map { Double(precision.rounded($0)) })
    var worst = 0.0
    for (memory, isLeftTransposed, isRightTransposed) in results {
      let values = try context.readFloats(memory)
      for row in 0..<m {
        for column in 0..<n {
          var (sum, magnitude) = (0.0, 0.0)
          for p in 0..<k {
            let term =
              x[isLeftTransposed ? p * m + row : row * k + p] * y[isRightTransposed ? column * k + p : p * n + column]
            sum += term
            magnitude += term.magnitude
          }
          let error = (Double(values[row * n + column]) - sum).magnitude / bound(magnitude)
          worst = error.isNaN ? .infinity : max(worst, error)
        }
      }
    }
    return worst
  }

  /// Tensor cores cut sums off instead of rounding them, up to one unit in the last place for each term.
  private func bound(_ magnitude: Double) -> Double { magnitude * Double(k) * 0x1p-23 }

  /// Floats from 0.5 to 2 of either sign, by a multiplicative generator.
  private static func numbers(_ count: Int, key: UInt32) -> [Float] {
    var state = key
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      let magnitude = Float(bitPattern: 0x3F00_0000 + (state >> 8))
      return state & 0x80 == 0 ? magnitude : -magnitude
    }
  }
}
