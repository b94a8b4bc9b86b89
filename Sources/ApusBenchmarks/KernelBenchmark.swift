import Apus

/// Something that a device is timed at: a kernel on operands of one shape, a copy, a launch or a whole training step.
public struct KernelBenchmark: Sendable {
  /// The family and then what tells it from the family's others, such as `product 512×512×512 NN`.
  public let name: String
  /// What one run does, as far as it is known beforehand: a training step's operations are counted in its program.
  public let work: Work
  /// Whether it is among those that are run when none are named.
  public let isQuick: Bool
  private let make: @Sendable (any Backend) throws -> PreparedBenchmark

  /// A benchmark.
  ///
  /// - Parameters:
  ///   - name: the family's name, a space, and what tells it from the others.
  ///   - work: what one run does.
  ///   - isQuick: whether it is run when none are named.
  ///   - make: readies it on a device.
  package init(
    _ name: String, _ work: Work, isQuick: Bool = false,
    make: @escaping @Sendable (any Backend) throws -> PreparedBenchmark
  ) {
    self.name = name
    self.work = work
    self.isQuick = isQuick
    self.make = make
  }

  /// The first word of the name.
  public var family: Substring { name.prefix { $0 != " " } }

  /// Readies it on a device: the program compiled, its operands filled with random numbers.
  ///
  /// - Throws: `DeviceError` when the device lacks memory.
  public func prepare(on backend: any Backend) throws -> PreparedBenchmark { try make(backend) }
}

/// A benchmark that waits on its device.
public struct PreparedBenchmark {
  /// What one run does.
  public let work: Work
  /// What runs; nil for a copy between host and device.
  public let program: Program?
  /// The buffers that the program works on, by name; none for a benchmark that keeps its own.
  public let buffers: [String: any DeviceBuffer]
  /// Submits one run, which may not have ended when this returns.
  public let run: () throws(DeviceError) -> Void
  /// Waits for everything that was submitted.
  public let wait: () throws(DeviceError) -> Void

  package init(
    _ work: Work, program: Program?, buffers: [String: any DeviceBuffer] = [:], on backend: any Backend,
    run: @escaping () throws(DeviceError) -> Void
  ) {
    self.work = work
    self.program = program
    self.buffers = buffers
    self.run = run
    wait = { () throws(DeviceError) in try backend.synchronize() }
  }
}
