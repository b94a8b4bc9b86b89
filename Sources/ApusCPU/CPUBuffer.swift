import ApusCPUKernels
import ApusCompiler

/// Zeroed host memory, aligned to a cache line, with room behind it for a vector that reads past the end.
final class CPUBuffer: DeviceBuffer, @unchecked Sendable {
  // Unchecked: the memory is shared by design; the trainer orders its reads and writes.
  let byteCount: Int
  let label: String
  let start: UnsafeMutableRawPointer
  /// Who the memory belongs to.
  private let owner: AnyObject
  /// Whether that is somebody else; the memory is then only read.
  let isShared: Bool

  /// - Throws: `DeviceError` where the system has not so much memory.
  init(byteCount: Int, label: String) throws(DeviceError) {
    let size = byteCount + ChainPlan.overread
    guard let memory = HostMemory(byteCount: size) else { throw .noMemory(size, label) }
    memory.start.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    self.byteCount = byteCount
    self.label = label
    start = memory.start
    owner = memory
    isShared = false
  }

  /// Bytes that belong to somebody else, who keeps them readable `ChainPlan.overread` further.
  init(sharing start: UnsafeRawPointer, byteCount: Int, owner: AnyObject, label: String) {
    self.byteCount = byteCount
    self.label = label
    self.owner = owner
    isShared = true
    // Never written to: `write` and `CPUBackend.prepare` see to that.
    self.start = UnsafeMutableRawPointer(mutating: start)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    guard !isShared else { throw DeviceError("cannot write to the buffer \(label), which is only to be read") }
    try check("write", bytes.count, at: byteOffset)
    if let source = bytes.baseAddress { (start + byteOffset).copyMemory(from: source, byteCount: bytes.count) }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    try check("read", bytes.count, at: byteOffset)
    if let target = bytes.baseAddress { target.copyMemory(from: start + byteOffset, byteCount: bytes.count) }
  }

  private func check(_ action: String, _ count: Int, at byteOffset: Int) throws(DeviceError) {
    guard byteOffset >= 0, count <= byteCount, byteOffset <= byteCount - count else {
      throw DeviceError(
        "cannot \(action) \(count) bytes at \(byteOffset) of the buffer \(label), which has \(byteCount)")
    }
  }
}

extension DeviceError {
  /// The host has not as much memory as something needs.
  static func noMemory(_ byteCount: Int, _ label: String) -> DeviceError {
    DeviceError("there are no \(byteCount) bytes of memory for \(label); use a smaller batch or a smaller model")
  }
}
