import ApusCPU
import ApusCompiler
import ApusExpression
import ApusOpenCL

/// Finds out by measurement which variant of each product and convolution is the fastest on an OpenCL device.
///
/// A candidate counts when its numbers agree with the pure-Swift backend's. What is being tried is written down first, so that
/// a driver that takes the process with it does so once.
public final class Tuner {
  /// What came of one shape.
  public struct Outcome: Sendable {
    /// The shape, in text form.
    public let shape: String
    /// The variant by rule, and its time in seconds; nil where it failed.
    public let ruled: (variant: String, seconds: Double?)
    /// The fastest that was found; nil where all failed.
    public let best: (variant: String, seconds: Double)?
    /// How many were measured.
    public let measured: Int
    /// Those that gave wrong numbers or were refused, with the reason.
    public let failures: [(variant: String, reason: String)]
    /// Whether time ran out before all had been tried.
    public let isCut: Bool
  }

  /// The device.
  public let device: OpenCLDevice
  /// What is known so far.
  public private(set) var table: TuningTable
  private let file: TuningFile
  private let reference: any Backend
  private let clock = ContinuousClock()

  /// The largest accepted difference from the reference, relative to the largest magnitude and to one at least.
  static let tolerance = 2e-5

  /// A tuner that goes on from what is known of the device.
  ///
  /// - Parameter startsAnew: forgets what is known, failures too.
  /// - Throws: `DeviceError` when there is no place to keep findings.
  public init(_ device: OpenCLDevice, file: TuningFile? = nil, startsAnew: Bool = false) throws(DeviceError) {
    guard let file = file ?? TuningFile(device) else {
      throw DeviceError("tuning: there is no cache folder, or APUS_TUNING is none; set APUS_TUNING to a folder")
    }
    self.device = device
    self.file = file
    reference = try Device.processor()
    table = startsAnew ? TuningTable() : file.load()
  }

  /// Tunes every distinct shape of some programs, the most expensive first, until time is up.
  ///
  /// - Parameters:
  ///   - programs: the steps that are to become faster.
  ///   - seconds: the time after which no other candidate is tried.
  ///   - report: told of each shape when it is done.
  /// - Throws: `DeviceError` when the device or the folder of findings cannot be used.
  public func tune(
    _ programs: [Program], seconds: Double, report: (Outcome) -> Void
  ) throws(DeviceError) {
    let deadline = clock.now + .seconds(seconds)
    var seen: Set<String> = []
    for instruction in programs.flatMap(\.instructions).sorted(by: { $0.multiplications > $1.multiplications }) {
      guard instruction.multiplications > 0, clock.now < deadline else { continue }
      let trial = try Trial(instruction, on: try OpenCLBackend(device, table), reference)
      guard let variants = trial.variants, seen.insert(variants.shape).inserted,
        table.choices[variants.shape] == nil
      else { continue }
      report(try tune(trial, variants, deadline))
    }
  }

  private func tune(
    _ trial: Trial, _ variants: InstructionVariants, _ deadline: ContinuousClock.Instant
  ) throws(DeviceError) -> Outcome {
    var times: [(variant: String, seconds: Double)] = []
    var failures: [(variant: String, reason: String)] = []
    var isCut = false
    // The ruled one first: without its time the others say nothing.
    for variant in [variants.ruled] + variants.candidates.filter({ $0 != variants.ruled }) {
      let attempt = TuningTable.attempt(variants.shape, variant)
      guard !table.failures.contains(attempt) else { continue }
      guard clock.now < deadline else {
        isCut = true
        break
      }
      table.trying = attempt
      try store()
      var forced = TuningTable()
      forced.choices[variants.shape] = .init(variant: variant, seconds: 0)
      do throws(DeviceError) {
        times.append((variant, try trial.seconds(on: try OpenCLBackend(device, forced), Tuner.tolerance, clock)))
      } catch {
        table.failures.insert(attempt)
        failures.append((variant, error.message))
      }
      table.trying = nil
    }
    let ruled = times.first { $0.variant == variants.ruled }?.seconds
    let fastest = times.min { $0.seconds < $1.seconds }
    // A few percent are noise; the rule stays then.
    let best =
      ruled.flatMap { own in
        (fastest?.seconds ?? own) > 0.97 * own ? (variants.ruled, own) : nil
      } ?? fastest
    if let best, !isCut { table.choices[variants.shape] = .init(variant: best.variant, seconds: best.seconds) }
    try store()
    return Outcome(
      shape: variants.shape, ruled: (variants.ruled, ruled), best: best, measured: times.count, failures: failures,
      isCut: isCut)
  }

  private func store() throws(DeviceError) {
    do { try file.store(table) } catch {
      throw DeviceError("\(file.url.path): cannot be written: \(error.localizedDescription)")
    }
  }
}

extension OpenCLBackend {
  /// A backend with a tuning table, whose errors are the device's.
  fileprivate convenience init(_ device: OpenCLDevice, _ tuning: TuningTable) throws(DeviceError) {
    do throws(OpenCLError) { try self.init(device, tuning: tuning) } catch { throw DeviceError("\(error)") }
  }
}

/// One instruction with the contents of its operands and what has to come out.
private struct Trial {
  let program: Program
  let variants: InstructionVariants?
  private let contents: [String: [Float]]
  private let expected: [Float]

  init(_ instruction: Instruction, on backend: OpenCLBackend, _ reference: any Backend) throws(DeviceError) {
    program = instruction.isolated
    let philox = Philox(seed: 9)
    var contents: [String: [Float]] = [:]
    for (stream, declaration) in program.buffers.enumerated() where declaration.elementType == .float32 {
      contents[declaration.name] = (0..<declaration.count).map {
        philox.uniform(element: $0, step: 0, stream: UInt32(stream)) - 0.5
      }
    }
    self.contents = contents
    let buffers = try Trial.buffers(program, contents, on: backend)
    variants = try backend.variants(of: program, buffers: buffers)
    expected = variants == nil ? [] : try Trial.result(program, contents, on: reference).values
  }

  /// The median time of a run; the first run's numbers are compared.
  func seconds(
    on backend: OpenCLBackend, _ tolerance: Double, _ clock: ContinuousClock
  ) throws(DeviceError) -> Double {
    let (executable, values) = try Trial.result(program, contents, on: backend)
    let magnitude = expected.reduce(1) { Swift.max($0, $1.magnitude) }
    let error = zip(values, expected).reduce(0) { Swift.max($0, Double(($1.0 - $1.1).magnitude / magnitude)) }
    guard values.count == expected.count, error <= tolerance else {
      throw DeviceError("its numbers are off by \(error)")
    }
    func time(_ repeats: Int) throws(DeviceError) -> Double {
      let start = clock.now
      for _ in 0..<repeats { try executable.run(StepArguments()) }
      try backend.synchronize()
      return start.duration(to: clock.now) / .seconds(1)
    }
    let repeats = Swift.max(1, Swift.min(1000, Int(0.02 / Swift.max(try time(1), 1e-6))))
    var times: [Double] = []
    for _ in 0..<5 { times.append(try time(repeats) / Double(repeats)) }
    return times.sorted()[2]
  }

  private static func buffers(
    _ program: Program, _ contents: [String: [Float]], on backend: any Backend
  ) throws(DeviceError) -> [String: any DeviceBuffer] {
    var buffers: [String: any DeviceBuffer] = [:]
    for declaration in program.buffers {
      let buffer = try backend.makeBuffer(
        byteCount: declaration.count * declaration.elementType.byteCount, label: declaration.name)
      if let values = contents[declaration.name] { try buffer.write(values) }
      buffers[declaration.name] = buffer
    }
    return buffers
  }

  private static func result(
    _ program: Program, _ contents: [String: [Float]], on backend: any Backend
  ) throws(DeviceError) -> (executable: any Executable, values: [Float]) {
    let buffers = try buffers(program, contents, on: backend)
    let executable = try backend.prepare(program, buffers: buffers)
    try executable.run(StepArguments())
    let count = program.instructions.first?.outputs.first?.count ?? 0
    let values = try buffers["output0"]?.read(Float.self, count: count) ?? []
    return (executable, values)
  }
}

extension Instruction {
  /// Multiplications of a product or convolution; 0 for anything else.
  fileprivate var multiplications: Int {
    switch kernel {
    case .matrixProduct(let product): product.batch.reduce(product.m * product.n * product.k, *)
    case .convolution(let convolution): convolution.shape.operationCount / 2
    default: 0
    }
  }
}
