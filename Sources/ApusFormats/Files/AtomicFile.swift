import Foundation
import Synchronization

private let temporaryFileCount = Atomic<UInt64>(0)

/// Replaces a file's contents so that at any moment either the old or the new file is there, complete.
///
/// The new contents go to a temporary file in the same folder, which is synced, renamed over `path`, and
/// its folder synced. When anything fails, a full disk among them, the old file is untouched and the
/// temporary file is gone.
///
/// - Parameters:
///   - path: the file to create or replace; its folder must exist.
///   - body: writes the contents.
/// - Throws: `FileError` that names `path`.
public func atomicallyWrite(
  to path: String, _ body: (FileSink) throws(FileError) -> Void
) throws(FileError) {
  let folder = (path as NSString).deletingLastPathComponent
  let name = (path as NSString).lastPathComponent
  let serial = temporaryFileCount.add(1, ordering: .relaxed).newValue
  let temporary = (folder as NSString).appendingPathComponent(".\(name).\(getpid())-\(serial).partial")
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw FileError(path, cannot: "create", code: errno) }
  do throws(FileError) {
    defer { close(descriptor) }
    let sink = FileSink(descriptor: descriptor, path: path)
    try body(sink)
    try sink.flush()
    guard fsync(descriptor) == 0 else { throw FileError(path, cannot: "sync", code: errno) }
  } catch {
    unlink(temporary)
    throw error
  }
  guard rename(temporary, path) == 0 else {
    let code = errno
    unlink(temporary)
    throw FileError(path, cannot: "replace", code: code)
  }
  try syncFolder(folder.isEmpty ? "." : folder)
}

/// Makes a rename in a folder survive a power failure.
private func syncFolder(_ folder: String) throws(FileError) {
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError(folder, cannot: "open", code: errno) }
  defer { close(descriptor) }
  // Some file systems cannot sync a folder and say EINVAL; the rename itself has then been done.
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(folder, cannot: "sync", code: errno) }
}
