import Foundation

/// A buffered writer to an open file descriptor. Large writes go straight through, uncopied.
public final class FileSink {
  /// The path that errors name.
  public let path: String
  /// The number of bytes written so far, buffered ones included.
  public private(set) var offset = 0
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let capacity = 1 << 16

  /// A sink that writes to `descriptor` and does not close it.
  package init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    buffer.reserveCapacity(FileSink.capacity)
  }

  /// Writes bytes after those written before.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    offset += bytes.count
    guard buffer.count + bytes.count > FileSink.capacity else {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    if bytes.count < FileSink.capacity { buffer.append(contentsOf: bytes) } else { try send(bytes) }
  }

  /// Writes an array's elements in memory order.
  public func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(FileError) {
    try elements.withUnsafeBufferPointer { buffer throws(FileError) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Writes text as UTF-8.
  public func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

  /// Hands everything buffered to the system.
  public func flush() throws(FileError) {
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    try pending.withUnsafeBufferPointer { buffer throws(FileError) in try send(UnsafeRawBufferPointer(buffer)) }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let sent = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if sent > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
      } else if sent < 0 && errno != EINTR {
        throw FileError(path, cannot: "write", code: errno, remedy: errno == ENOSPC ? "free some space" : nil)
      }
    }
  }
}
