import ApusGraph

/// One device that programs run on.
public protocol Backend: AnyObject, Sendable {
  /// The device's name as the user knows it.
  var name: String { get }

  /// What one buffer may hold at most, in bytes.
  var maximumBufferSize: Int { get }

  /// A zeroed buffer of a device's memory.
  func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer

  /// A buffer that is given bytes of the host themselves and only read; nil on a device with memory of its own.
  ///
  /// - Parameter owner: what keeps the bytes where they are, and 64 more behind them readable.
  func makeBuffer(
    sharing bytes: UnsafeRawBufferPointer, owner: AnyObject, label: String
  ) throws(DeviceError) -> (any DeviceBuffer)?

  /// Memory for intermediate values that `prepare` fills as programs need it.
  func makeWorkspace() -> any Workspace

  /// Why programs cannot be computed in a precision here; nil where they can.
  func refusal(of precision: Precision) -> String?

  /// Readies a program: kernels compiled, workspace allocated, addresses bound.
  ///
  /// - Parameters:
  ///   - buffers: one buffer for each of the program's declarations, by name, made by this backend.
  ///   - workspace: where its intermediate values are to lie, made by this backend; programs that share one must not
  ///     run at the same time.
  /// - Throws: `DeviceError` also where the device lacks the program's precision (`require`).
  func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable

  /// Waits until everything that was submitted has finished.
  func synchronize() throws(DeviceError)

  /// Readies multiply-adds that stay in registers, the device's best rate of arithmetic; nil where it has no such kernel.
  func multiplyAddProbe() throws(DeviceError) -> RateProbe?

  /// Readies the device's own way of copying one buffer to another; nil where it has none.
  func copyProbe(byteCount: Int) throws(DeviceError) -> RateProbe?
}

extension Backend {
  /// Readies a program with a workspace of its own.
  public func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer]
  ) throws(DeviceError) -> any Executable {
    try prepare(program, buffers: buffers, in: makeWorkspace())
  }

  public func makeBuffer(
    sharing bytes: UnsafeRawBufferPointer, owner: AnyObject, label: String
  ) throws(DeviceError) -> (any DeviceBuffer)? { nil }

  public func multiplyAddProbe() throws(DeviceError) -> RateProbe? { nil }
  public func copyProbe(byteCount: Int) throws(DeviceError) -> RateProbe? { nil }
}

/// Work that is there to be timed: it shows what a device can do at best.
public struct RateProbe {
  /// What one run does: additions and multiplications, or bytes read and written.
  public let amount: Double
  /// Submits one run, which may not have ended when this returns.
  public let run: () throws(DeviceError) -> Void

  /// Work of an amount.
  public init(amount: Double, run: @escaping () throws(DeviceError) -> Void) {
    self.amount = amount
    self.run = run
  }
}

/// A stretch of a device's memory.
public protocol DeviceBuffer: AnyObject, Sendable {
  /// Its size.
  var byteCount: Int { get }

  /// Copies bytes from the host, after everything submitted before.
  func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(DeviceError)

  /// Copies bytes to the host, after everything submitted before.
  func read(into bytes: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(DeviceError)
}

/// A program bound to buffers on a device.
public protocol Executable: AnyObject {
  /// Submits one run. It may return before the run has finished; runs of one device happen in order.
  func run(_ arguments: StepArguments) throws(DeviceError)

  /// The time each launch has taken so far, in seconds, in the program's order; empty unless profiling was asked for.
  var launchTimes: [LaunchTime] { get }

  /// When the launches of the first runs ran, at most `LaunchInterval.limit` of them; empty unless profiling was asked
  /// for.
  var launchIntervals: [LaunchInterval] { get }
}

/// How often and how long a launch has run.
public struct LaunchTime: Sendable {
  /// The launch's label.
  public let label: String
  /// How often it ran.
  public let count: Int
  /// Seconds in total.
  public let total: Double

  /// A measurement.
  public init(label: String, count: Int, total: Double) {
    self.label = label
    self.count = count
    self.total = total
  }
}

/// When a launch ran.
public struct LaunchInterval: Sendable, Hashable {
  /// The launch's label.
  public let label: String
  /// Which of the executable's runs it belonged to, from 0.
  public let run: Int
  /// Its begin in seconds by the device's clock.
  public let start: Double
  /// How long it took, in seconds.
  public let duration: Double

  /// How many are kept.
  public static let limit = 20_000

  /// A measurement.
  public init(label: String, run: Int, start: Double, duration: Double) {
    self.label = label
    self.run = run
    self.start = start
    self.duration = duration
  }
}

/// A device that could not do what was asked.
public struct DeviceError: Error, Sendable, CustomStringConvertible {
  /// What failed, where, and what to do about it.
  public let message: String

  /// An error with a one-line message; a build log may follow on further lines.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

extension DeviceBuffer {
  /// Copies an array to the buffer; `offset` counts its elements.
  public func write<Element: BitwiseCopyable>(_ elements: [Element], at offset: Int = 0) throws(DeviceError) {
    var failure: DeviceError?
    elements.withUnsafeBytes { bytes in
      do throws(DeviceError) { try write(bytes, at: offset * MemoryLayout<Element>.stride) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Copies `count` elements from the buffer; `offset` counts elements.
  public func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ type: Element.Type, at offset: Int = 0, count: Int
  ) throws(DeviceError) -> [Element] {
    var elements = [Element](repeating: 0, count: count)
    var failure: DeviceError?
    elements.withUnsafeMutableBytes { bytes in
      do throws(DeviceError) { try read(into: bytes, at: offset * MemoryLayout<Element>.stride) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return elements
  }
}
