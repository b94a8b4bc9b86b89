import ApusCompiler
import Foundation

/// An OpenCL device that programs run on.
///
/// Its buffers and programs belong to one thread at a time, as everything that is made from one context does.
public final class OpenCLBackend: Backend, @unchecked Sendable {
  /// The device.
  public let device: OpenCLDevice
  let context: OpenCLContext
  let cache: ProgramCache?
  /// What the probes of the precisions have found, by those that were asked for.
  private var refusals: [Precision: String?] = [:]

  /// Makes a device ready.
  ///
  /// - Parameters:
  ///   - device: one of `OpenCLDevice.all()`.
  ///   - profiling: whether the device's times of every launch are kept.
  ///   - tuning: which variants to use where; nil for what `TuningFile` knows of the device.
  public init(
    _ device: OpenCLDevice, profiling: Bool = false, tuning: TuningTable? = nil
  ) throws(OpenCLError) {
    var device = device
    device.tuning = tuning ?? TuningFile(device)?.load() ?? TuningTable()
    self.device = device
    context = try OpenCLContext(device, profiling: profiling)
    cache = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first.map {
      ProgramCache(folder: $0.appendingPathComponent("apus/opencl"))
    }
  }

  public var name: String { device.name }

  public var maximumBufferSize: Int { device.largestAllocation }

  public func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    try DeviceError.wrapping("\(label) on \(device.name)") { () throws(OpenCLError) in
      let buffer = OpenCLDeviceBuffer(try OpenCLBuffer(context, size: max(byteCount, 4)), byteCount, context.queue)
      try context.queue.fill(MemoryRange(buffer.memory), with: UInt8(0))
      return buffer
    }
  }

  public func makeBuffer(
    sharing bytes: UnsafeRawBufferPointer, owner: AnyObject, label: String
  ) throws(DeviceError) -> (any DeviceBuffer)? {
    guard device.kind == .cpu else { return nil }
    let shared = try DeviceError.wrapping("\(label) on \(device.name)") { () throws(OpenCLError) in
      try OpenCLBuffer(context, sharing: bytes, owner: owner)
    }
    return shared.map { OpenCLDeviceBuffer($0, bytes.count, context.queue) }
  }

  public func makeWorkspace() -> any Workspace { OpenCLWorkspace(context) }

  /// Whether the device has instructions for the precision, and a probe's numbers were right; probed once.
  public func refusal(of precision: Precision) -> String? {
    guard precision != .float32 else { return nil }
    if let known = refusals[precision] { return known }
    let found = probe(precision)
    refusals[precision] = .some(found)
    return found
  }

  public func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable {
    try require(program.precision)
    guard let workspace = workspace as? OpenCLWorkspace, workspace.context === context else {
      throw DeviceError("the workspace was made by another device; make it with this backend")
    }
    let bound = try bind(program, buffers)
    return try DeviceError.wrapping(device.name) { () throws(OpenCLError) in
      try OpenCLExecutable(program, bound, workspace, self)
    }
  }

  /// The memory of each of a program's buffers.
  func bind(
    _ program: Program, _ buffers: [String: any DeviceBuffer]
  ) throws(DeviceError) -> [OpenCLBuffer] {
    var bound: [OpenCLBuffer] = []
    for declaration in program.buffers {
      guard let buffer = buffers[declaration.name] as? OpenCLDeviceBuffer else {
        throw DeviceError("the program needs a buffer named \(declaration.name), made by this device")
      }
      let needed = declaration.count * declaration.elementType.byteCount
      guard buffer.byteCount >= needed else {
        throw DeviceError("the buffer \(declaration.name) has \(buffer.byteCount) bytes, the program needs \(needed)")
      }
      bound.append(buffer.memory)
    }
    return bound
  }

  public func synchronize() throws(DeviceError) {
    try DeviceError.wrapping(device.name) { () throws(OpenCLError) in try context.queue.finish() }
  }
}

/// A buffer together with the queue that it is read and written through.
final class OpenCLDeviceBuffer: DeviceBuffer, @unchecked Sendable {
  let memory: OpenCLBuffer
  let byteCount: Int
  private let queue: CommandQueue

  init(_ memory: OpenCLBuffer, _ byteCount: Int, _ queue: CommandQueue) {
    self.memory = memory
    self.byteCount = byteCount
    self.queue = queue
  }

  func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    try DeviceError.wrapping("writing a buffer") { () throws(OpenCLError) in
      try queue.write(bytes, to: MemoryRange(memory, offset: byteOffset, size: byteCount - byteOffset))
    }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    try DeviceError.wrapping("reading a buffer") { () throws(OpenCLError) in
      try queue.read(MemoryRange(memory, offset: byteOffset, size: byteCount - byteOffset), into: bytes)
    }
  }
}

extension DeviceError {
  /// Runs `body` and says what was being done when OpenCL refused.
  static func wrapping<Result>(
    _ activity: String, _ body: () throws(OpenCLError) -> Result
  ) throws(DeviceError) -> Result {
    do throws(OpenCLError) { return try body() } catch { throw DeviceError("\(activity): \(error)") }
  }
}
