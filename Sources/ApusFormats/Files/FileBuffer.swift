import Foundation

/// Memory into which small files are read one after another; for one thread at a time.
///
/// Mapping a file costs more than reading a few kilobytes of it, and fresh memory for each file more than the same.
package final class FileBuffer {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  package init() {}

  deinit { memory.deallocate() }

  /// Reads a whole file and calls `body` with its bytes, which are valid until it returns.
  package func read<Result>(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, cannot: "open", code: errno) }
    defer { close(descriptor) }
    var filled = 0
    while true {
      if filled == memory.count { grow() }
      let count = Foundation.read(descriptor, memory.baseAddress.map { $0 + filled }, memory.count - filled)
      if count > 0 { filled += count }
      if count == 0 { break }
      guard count > 0 || errno == EINTR else { throw FileError(path, cannot: "read", code: errno) }
    }
    return try body(UnsafeRawBufferPointer(rebasing: memory[..<filled]))
  }

  private func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * memory.count, alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(memory))
    memory.deallocate()
    memory = larger
  }
}
