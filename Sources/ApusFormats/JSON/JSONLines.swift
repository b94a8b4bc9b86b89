import Foundation

/// A growing file of JSON objects, one a line, such as a run's metrics.
///
/// Each line goes to the system in one write as soon as it is appended, so that another program can follow
/// the file and a killed run loses nothing.
public final class JSONLines {
  /// The file's path.
  public let path: String
  private let descriptor: Int32

  /// Starts a new file, replacing what was there.
  public convenience init(creating path: String) throws(FileError) { try self.init(path, flags: O_TRUNC) }

  /// Continues a file, keeping the lines that `keep` accepts, such as those up to the step resumed from.
  ///
  /// A last line without its end, as a power failure leaves it, is dropped. A missing file starts anew.
  public convenience init(resuming path: String, keeping keep: (JSONObject) -> Bool) throws(FileError) {
    if access(path, F_OK) == 0 {
      let lines = try JSONLines.read(path)
      let kept = lines.filter(keep)
      try atomicallyWrite(to: path) { sink throws(FileError) in
        for object in kept { try sink.write(JSONValue.object(object).line + "\n") }
      }
    }
    try self.init(path, flags: 0)
  }

  private init(_ path: String, flags: Int32) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0o666)
    guard descriptor >= 0 else { throw FileError(path, cannot: "open", code: errno) }
  }

  deinit { close(descriptor) }

  /// Appends one line.
  public func append(_ object: JSONObject) throws(FileError) {
    let sink = FileSink(descriptor: descriptor, path: path)
    try sink.write(JSONValue.object(object).line + "\n")
    try sink.flush()
  }

  /// The objects of a file. A last line that has no end is not one of them.
  public static func read(_ path: String) throws(FileError) -> [JSONObject] {
    try ByteStorage.mapped(path: path).withBytes { bytes throws(FileError) in try read(bytes, path: path) }
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> [JSONObject] {
    var objects: [JSONObject] = []
    var start = 0
    var number = 1
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      let lineNumber = number
      let value = try JSONValue.parse(line, path: path) { _ in .line(lineNumber) }
      guard let object = value.object else { throw FileError(path, at: .line(number), "not a JSON object") }
      objects.append(object)
      start = end + 1
      number += 1
    }
    return objects
  }
}
