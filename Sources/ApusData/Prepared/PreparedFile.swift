import ApusFormats
import Foundation

/// What was made of a data set's files, kept in one file so that the next run only maps it.
///
/// The file: named parts, each aligned to 64 bytes; an index in JSON, with the fingerprint of what the parts were
/// made from; the index's length in 8 bytes and 8 bytes of signature. The index comes last so that parts can be
/// written as they are made, whatever their size.
struct PreparedFile {
  /// What the maker has to say of the parts.
  let details: JSONObject
  private let storage: ByteStorage
  private let ranges: [String: Range<Int>]

  static let alignment = 64
  /// Changes with the layout of this file, or with what is put into it.
  static let signature = Array("APUSDS01".utf8)

  /// The file at `path`; nil where there is none, it is damaged, or it was made from something else.
  init?(path: String, fingerprint: String) {
    guard let storage = try? ByteStorage.mapped(ownFile: path) else { return nil }
    let tail = storage.count - 16
    guard tail >= 0,
      let index = storage.withBytes({ bytes -> JSONObject? in
        let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: tail, as: UInt64.self))
        guard bytes[(tail + 8)...].elementsEqual(PreparedFile.signature), length <= UInt64(tail) else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: bytes[tail - Int(length)..<tail])
        return (try? JSONValue.parse(text, path: path))?.object
      }),
      index["fingerprint"]?.string == fingerprint, let parts = index["parts"]?.object,
      let details = index["details"]?.object
    else { return nil }
    var ranges: [String: Range<Int>] = [:]
    for name in parts.keys {
      guard let bounds = parts[name]?.array?.compactMap(\.integer), bounds.count == 2, bounds[0] >= 0,
        bounds[0] <= bounds[1], bounds[1] <= tail, bounds[0] % PreparedFile.alignment == 0
      else { return nil }
      ranges[name] = bounds[0]..<bounds[1]
    }
    self.storage = storage
    self.details = details
    self.ranges = ranges
  }

  /// A part's bytes, mapped.
  func bytes(_ name: String) -> ByteStorage? { ranges[name].map(storage.part) }

  /// A part's bytes as an array.
  func array<Element: BitwiseCopyable>(_ name: String, of type: Element.Type) -> [Element]? {
    guard let part = bytes(name), part.count % MemoryLayout<Element>.stride == 0 else { return nil }
    return part.withBytes { Array($0.bindMemory(to: Element.self)) }
  }
}

/// Writes the parts of a prepared file, one after another.
final class PreparedFileWriter {
  private let sink: FileSink
  private var parts = JSONObject()

  fileprivate init(_ sink: FileSink) { self.sink = sink }

  /// Writes one part; `body` writes its bytes, piece by piece.
  func write(_ name: String, _ body: (FileSink) throws(FileError) -> Void) throws(FileError) {
    let padding = (PreparedFile.alignment - sink.offset % PreparedFile.alignment) % PreparedFile.alignment
    try sink.write([UInt8](repeating: 0, count: padding))
    let start = sink.offset
    try body(sink)
    parts[name] = .array([.integer(start), .integer(sink.offset)])
  }

  /// Writes one part of an array's elements.
  func write<Element: BitwiseCopyable>(_ name: String, _ elements: [Element]) throws(FileError) {
    try write(name) { sink throws(FileError) in try sink.write(elements) }
  }

  fileprivate func finish(fingerprint: String, details: JSONObject) throws(FileError) {
    let index = JSONValue.object([
      "fingerprint": .string(fingerprint), "parts": .object(parts), "details": .object(details),
    ])
    let text = Array(index.line.utf8)
    try sink.write(text)
    try sink.write([UInt64(text.count).littleEndian])
    try sink.write(PreparedFile.signature)
  }
}

/// The folder in which prepared files are kept.
struct PreparedFiles {
  /// The folder, which need not exist yet.
  let folder: String

  /// What `read` makes of the prepared file `name`; where there is none that it can read, one is made first.
  ///
  /// Where the folder cannot be written to, the file is made among the temporary files and lives as long as its
  /// mapping.
  ///
  /// - Parameters:
  ///   - name: the file's name; another one for each data set and choice of options.
  ///   - fingerprint: tells one state of the data set's files from another.
  ///   - prepare: writes the parts and returns the details.
  ///   - read: nil where the parts are not as they should be.
  func load<Contents>(
    _ name: String, fingerprint: String, prepare: (PreparedFileWriter) throws(FileError) -> JSONObject,
    read: (PreparedFile) -> Contents?
  ) throws(DataError) -> Contents {
    let path = (folder as NSString).appendingPathComponent(name)
    if let file = PreparedFile(path: path, fingerprint: fingerprint), let contents = read(file) { return contents }
    let temporary = (NSTemporaryDirectory() as NSString).appendingPathComponent("apus-\(UUID().uuidString)-\(name)")
    var failure = FileError(
      path, "the prepared file cannot be read back", remedy: "set XDG_CACHE_HOME to another folder")
    for place in [path, temporary] {
      let parent = (place as NSString).deletingLastPathComponent
      try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      defer { if place == temporary { unlink(temporary) } }
      var fault: FileError?
      do throws(FileError) {
        try atomicallyWrite(to: place) { sink throws(FileError) in
          let writer = PreparedFileWriter(sink)
          let details: JSONObject
          do throws(FileError) { details = try prepare(writer) } catch {
            // What is wrong with the data set's own files is no matter of the place.
            if error.path != place { fault = error }
            throw error
          }
          try writer.finish(fingerprint: fingerprint, details: details)
        }
      } catch {
        if let fault { throw .file(fault) }
        failure = error
        continue
      }
      if let file = PreparedFile(path: place, fingerprint: fingerprint), let contents = read(file) { return contents }
    }
    throw .file(failure)
  }
}
