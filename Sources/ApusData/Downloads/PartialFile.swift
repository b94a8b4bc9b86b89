import ApusFormats
import Foundation
import Synchronization

/// A file that is being downloaded: it grows under the name `NAME.partial`, survives an interruption and is
/// unpacked under its own name once its checksum is right.
///
/// Two processes that download the same file take turns: the later one waits and then finds it done.
final class PartialFile: TransportReceiver {
  private struct State {
    var size: Int
    var total: Int?
  }

  private let finalPath: String
  private let path: String
  private let descriptor: Int32
  private let state: Mutex<State>
  private let progress: @Sendable (_ received: Int, _ total: Int?) -> Void

  init(
    for finalPath: String, progress: @escaping @Sendable (_ received: Int, _ total: Int?) -> Void
  ) throws(FileError) {
    self.finalPath = finalPath
    self.progress = progress
    path = finalPath + ".partial"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path, cannot: "create", code: errno) }
    guard flock(descriptor, LOCK_EX) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError(path, cannot: "lock", code: code)
    }
    var status = stat()
    state = Mutex(State(size: fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0, total: nil))
  }

  deinit { close(descriptor) }

  /// How many bytes are there.
  var size: Int { state.withLock(\.size) }

  /// Whether as many bytes have come as the server announced.
  var isComplete: Bool { state.withLock { $0.total == nil || $0.size == $0.total } }

  func begin(status: Int, start: Int, total: Int?) throws {
    switch status {
    case 200: try truncate(to: 0)
    case 206:
      guard start <= size else { throw TransportError("the server sent another part than was asked for") }
      try truncate(to: start)
    case 416:
      // The file is shorter than what is here already, so that is not a beginning of it.
      try truncate(to: 0)
      throw TransportError("HTTP status 416")
    default: throw TransportError("HTTP status \(status)")
    }
    state.withLock { $0.total = total }
    progress(size, total)
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    let sink = FileSink(descriptor: descriptor, path: path)
    try sink.write(bytes)
    try sink.flush()
    let (received, total) = state.withLock { state in
      state.size += bytes.count
      return (state.size, state.total)
    }
    progress(received, total)
  }

  /// Starts over.
  func discard() throws(FileError) { try truncate(to: 0) }

  private func truncate(to size: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) == size else {
      throw FileError(path, cannot: "truncate", code: errno)
    }
    state.withLock { $0.size = size }
  }

  /// The MD5 sum of what is there.
  func checksum() throws(FileError) -> String {
    try ByteStorage.mapped(path: path).withBytes(MD5.hexadecimal)
  }

  /// Unpacks what has come into the file of its own name; what is not a gzip file is copied.
  func unpack() throws(FileError) {
    let reader = try ByteReader(path: path)
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    try atomicallyWrite(to: finalPath) { sink throws(FileError) in
      while true {
        let count = try chunk.withUnsafeMutableBufferPointer { buffer throws(FileError) in
          try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        try chunk[..<count].withUnsafeBufferPointer { buffer throws(FileError) in
          try sink.write(UnsafeRawBufferPointer(buffer))
        }
        if count < chunk.count { return }
      }
    }
    unlink(path)
  }
}
