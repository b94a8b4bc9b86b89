import ApusCPUKernels
import ApusCompiler

/// Zeroed host memory, aligned to a cache line, with room behind it for a vector that reads past the end.
final class CPUBuffer: DeviceBuffer, @unchecked Sendable {
  // Unchecked: the memory is shared by design; the trainer orders its reads and writes.
  let byteCount: Int
  let label: String
  let start: UnsafeMutableRawPointer

  init(byteCount: Int, label: String) {
    self.byteCount = byteCount
    self.label = label
    start = .allocate(byteCount: byteCount + ChainPlan.overread, alignment: 64)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + ChainPlan.overread)
  }

  deinit { start.deallocate() }

  func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    try check("write", bytes.count, at: byteOffset)
    if let source = bytes.baseAddress { (start + byteOffset).copyMemory(from: source, byteCount: bytes.count) }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    try check("read", bytes.count, at: byteOffset)
    if let target = bytes.baseAddress { target.copyMemory(from: start + byteOffset, byteCount: bytes.count) }
  }

  private func check(_ action: String, _ count: Int, at byteOffset: Int) throws(DeviceError) {
    guard byteOffset >= 0, count <= byteCount, byteOffset <= byteCount - count else {
      throw DeviceError("cannot \(action) \(count) bytes at \(byteOffset) of the buffer \(label), which has \(byteCount)")
    }
  }
}
