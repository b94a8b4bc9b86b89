import ApusCPUKernels
import ApusCompiler
import Foundation

/// Zeroed host memory, aligned to a cache line, with room behind it for a vector that reads past the end.
final class CPUBuffer: DeviceBuffer, @unchecked Sendable {
  // Unchecked: the memory is shared by design; the trainer orders its reads and writes.
  let byteCount: Int
  let label: String
  let start: UnsafeMutableRawPointer
  /// Who the memory belongs to, where it is not the buffer's own; it is then only read.
  private let owner: AnyObject?

  var isShared: Bool { owner != nil }

  private static let hugePage = 2 << 20

  init(byteCount: Int, label: String) {
    self.byteCount = byteCount
    self.label = label
    owner = nil
    let size = byteCount + ChainPlan.overread
    let isLarge = size >= CPUBuffer.hugePage
    start = .allocate(byteCount: size, alignment: isLarge ? CPUBuffer.hugePage : 64)
    #if os(Linux)
      // Rows that are picked at random each need a page's address; huge pages keep those at hand. A system that
      // refuses loses nothing but time.
      if isLarge { madvise(start, size, MADV_HUGEPAGE) }
    #endif
    start.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  /// Bytes that belong to somebody else, who keeps them readable `ChainPlan.overread` further.
  init(sharing start: UnsafeRawPointer, byteCount: Int, owner: AnyObject, label: String) {
    self.byteCount = byteCount
    self.label = label
    self.owner = owner
    // Never written to: `write` and `CPUBackend.prepare` see to that.
    self.start = UnsafeMutableRawPointer(mutating: start)
  }

  deinit { if owner == nil { start.deallocate() } }

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
