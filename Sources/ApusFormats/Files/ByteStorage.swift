import Foundation

/// Bytes that live as long as this object: allocated, mapped from a file, or a part of another storage.
///
/// The bytes are written only while an `allocated` storage is being made, so they can be read from any
/// thread afterwards. A mapped file that another program shortens while it is in use raises a bus error,
/// as in every program that maps files; files written by `atomicallyWrite` are replaced, never shortened.
public final class ByteStorage: @unchecked Sendable {
  /// The bytes, valid while this object is alive; only for code that keeps it in a stored property.
  package let bytes: UnsafeRawBufferPointer
  private let release: (UnsafeRawBufferPointer) -> Void

  private init(bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void) {
    self.bytes = bytes
    self.release = release
  }

  deinit { release(bytes) }

  /// The number of bytes.
  public var count: Int { bytes.count }

  /// Calls `body` with the bytes, which are valid until it returns.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Allocates `byteCount` bytes, aligned to 64, zeroed, and lets `fill` write them.
  public static func allocated<Failure: Error>(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> ByteStorage {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    do throws(Failure) {
      try fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]))
    } catch {
      buffer.deallocate()
      throw error
    }
    return ByteStorage(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])) { _ in buffer.deallocate() }
  }

  /// A storage that holds a copy of an array's elements.
  public static func copy<Element: BitwiseCopyable>(of elements: [Element]) -> ByteStorage {
    elements.withUnsafeBytes { source in
      allocated(byteCount: source.count) { $0.copyMemory(from: source) }
    }
  }

  /// Maps a whole file for reading.
  public static func mapped(path: String) throws(FileError) -> ByteStorage {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, cannot: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, cannot: "inspect", code: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(path, "is a folder, not a file") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a regular file") }
    let count = Int(status.st_size)
    guard count > 0 else { return ByteStorage(bytes: UnsafeRawBufferPointer(start: nil, count: 0)) { _ in } }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw FileError(path, cannot: "map", code: errno)
    }
    return ByteStorage(bytes: UnsafeRawBufferPointer(start: start, count: count)) { bytes in
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
  }

  /// A part of this storage, sharing its bytes and keeping them alive; `range` must lie within it.
  public func part(_ range: Range<Int>) -> ByteStorage {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "part \(range) of \(count) bytes")
    return ByteStorage(bytes: UnsafeRawBufferPointer(rebasing: bytes[range])) { [self] _ in
      withExtendedLifetime(self) {}
    }
  }
}
