import Foundation

/// Bytes that live as long as this object: allocated, mapped from a file, or a part of another storage.
///
/// At least 64 bytes behind the last one can be read, as vector loads do. The bytes are written only while an `allocated` storage is being made, so they can be read from any
/// thread afterwards. A mapped file that another program shortens while it is in use raises a bus error,
/// as in every program that maps files; files written by `atomicallyWrite` are replaced, never shortened.
public final class ByteStorage: @unchecked Sendable {
  /// The bytes, valid while this object is alive; only for code that keeps it in a stored property.
  package let bytes: UnsafeRawBufferPointer
  /// Where the bytes lie.
  package let backing: Backing
  private let release: (UnsafeRawBufferPointer) -> Void

  /// What can be read behind the end.
  private static let overread = 64

  /// Where bytes lie; the system can drop a file's from memory and read them again.
  package enum Backing {
    case memory
    /// A file that other programs may shorten.
    case file
    /// A file that only this project writes, which replaces it and never shortens it.
    case ownFile
  }

  private init(
    bytes: UnsafeRawBufferPointer, backing: Backing = .memory, release: @escaping (UnsafeRawBufferPointer) -> Void
  ) {
    self.bytes = bytes
    self.backing = backing
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
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + overread, alignment: 64)
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
  public static func mapped(path: String) throws(FileError) -> ByteStorage { try mapped(path: path, backing: .file) }

  /// Maps a whole file of the project's own, such as `atomicallyWrite` writes.
  package static func mapped(ownFile path: String) throws(FileError) -> ByteStorage {
    try mapped(path: path, backing: .ownFile)
  }

  private static func mapped(path: String, backing: Backing) throws(FileError) -> ByteStorage {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, cannot: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, cannot: "inspect", code: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(path, "is a folder, not a file") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a regular file") }
    let count = Int(status.st_size)
    guard count > 0 else { return ByteStorage(bytes: UnsafeRawBufferPointer(start: nil, count: 0)) { _ in } }
    // Zeros of the system's first, the file over all but the last of them: so something lies behind it.
    let reserved = count + overread
    let start = mmap(nil, reserved, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let start, start != MAP_FAILED else { throw FileError(path, cannot: "map", code: errno) }
    guard mmap(start, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) != MAP_FAILED else {
      let code = errno
      munmap(start, reserved)
      throw FileError(path, cannot: "map", code: code)
    }
    return ByteStorage(bytes: UnsafeRawBufferPointer(start: start, count: count), backing: backing) { _ in
      munmap(start, reserved)
    }
  }

  /// A part of this storage, sharing its bytes and keeping them alive; `range` must lie within it.
  public func part(_ range: Range<Int>) -> ByteStorage {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "part \(range) of \(count) bytes")
    return ByteStorage(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), backing: backing) { [self] _ in
      withExtendedLifetime(self) {}
    }
  }

  /// Calls `body` with stretches of the bytes and the place of each, and lets go of a mapped file's pages behind it, so
  /// that a copy of a file takes no more memory than the copy.
  ///
  /// - Parameter unit: what no stretch but the last cuts through, in bytes.
  package func forEachStretch<Failure: Error>(
    of unit: Int = 1, _ body: (_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let length = max((8 << 20) / unit, 1) * unit
    for start in stride(from: 0, to: count, by: length) {
      let stretch = UnsafeRawBufferPointer(rebasing: bytes[start..<min(count, start + length)])
      try body(start, stretch)
      letGo(stretch)
    }
  }

  /// Lets go of a mapped file's pages; they are read again when they are needed.
  package func letGo() { letGo(bytes) }

  /// Lets go of the pages within `range`, which must lie within the bytes.
  package func letGo(_ range: Range<Int>) { letGo(UnsafeRawBufferPointer(rebasing: bytes[range])) }

  private func letGo(_ bytes: UnsafeRawBufferPointer) { if backing != .memory { ByteStorage.discard(bytes) } }

  /// Lets go of the pages that lie within some bytes of a mapped file.
  private static func discard(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    let page = Int(getpagesize())
    let first = (Int(bitPattern: start) + page - 1) / page * page
    let end = Int(bitPattern: start + bytes.count) / page * page
    if end > first { madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_DONTNEED) }
  }
}
