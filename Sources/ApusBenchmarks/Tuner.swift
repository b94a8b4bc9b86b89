import Apus
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

  /// The largest accepted difference from the reference, relative to the largest magnitude and to one at least. The
  /// reference is in float32; both operands' rounding is at most one unit roundoff each.
  static func tolerance(in precision: Precision) -> Double { 2e-5 + 2 * precision.unitRoundoff }

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
  ///   - precision: what products are computed in.
  ///   - seconds: the time after which no other candidate is tried.
  ///   - report: told of each shape when it is done.
  /// - Throws: `DeviceError` when the device or the folder of findings cannot be used.
  public func tune(
    _ programs: [Program], in precision: Precision = .float32, seconds: Double, report: (Outcome) -> Void
  ) throws(DeviceError) {
    try OpenCLBackend(device, table).require(precision)
    let deadline = clock.now + .seconds(seconds)
    var seen: Set<String> = []
    let instructions = programs.flatMap(\.instructions).filter { $0.kernel.operationCount > 0 }
    for instruction in instructions.sorted(by: { $0.kernel.operationCount > $1.kernel.operationCount }) {
      guard clock.now < deadline else { break }
      let trial = try Trial(instruction, precision, on: try OpenCLBackend(device, table))
      guard let variants = trial.variants, seen.insert(variants.shape).inserted,
        table.choices[variants.shape] == nil
      else { continue }
      report(try tune(trial, variants, deadline))
    }
  }

  private func tune(
    _ trial: Trial, _ variants: InstructionVariants, _ deadline: ContinuousClock.Instant
  ) throws(DeviceError) -> Outcome {
    let expected = try trial.result(on: reference, in: .float32).values
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
        times.append((variant, try trial.seconds(on: try OpenCLBackend(device, forced), expected)))
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

/// One instruction over random operands.
private struct Trial {
  let benchmark: PreparedBenchmark
  let variants: InstructionVariants?
  private let program: Program
  private let work: Work
  private let precision: Precision

  private static let plan = MeasurementPlan(rounds: 5, roundSeconds: 0.02, limit: 1)

  init(_ instruction: Instruction, _ precision: Precision, on backend: OpenCLBackend) throws(DeviceError) {
    var program = instruction.isolated
    program.precision = precision
    self.program = program
    self.precision = precision
    work = .computing(instruction.kernel.operationCount, bytes: 0)
    benchmark = try PreparedBenchmark(work, program, on: backend)
    variants = try backend.variants(of: program, buffers: benchmark.buffers)
  }

  /// The instruction, ready on a backend, and what its first run gave.
  func result(
    on backend: any Backend, in precision: Precision
  ) throws(DeviceError) -> (benchmark: PreparedBenchmark, values: [Float]) {
    var program = program
    program.precision = precision
    let benchmark = try PreparedBenchmark(work, program, on: backend)
    try benchmark.run()
    let count = program.instructions.first?.outputs.first?.count ?? 0
    return (benchmark, try benchmark.buffers["output0"]?.read(Float.self, count: count) ?? [])
  }

  /// The time of a run whose numbers are right.
  func seconds(on backend: any Backend, _ expected: [Float]) throws(DeviceError) -> Double {
    let (benchmark, values) = try result(on: backend, in: precision)
    let magnitude = expected.reduce(1) { max($0, $1.magnitude) }
    let error = zip(values, expected).reduce(0) { max($0, Double(($1.0 - $1.1).magnitude / magnitude)) }
    guard values.count == expected.count, error <= Tuner.tolerance(in: precision) else {
      throw DeviceError("its numbers are off by \(error)")
    }
    return try Trial.plan.measure(benchmark).median
  }
}
