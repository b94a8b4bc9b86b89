/// The checked header of a safetensors file.
struct SafetensorsHeader {
  /// The largest header that is read, as in the format's reference implementation.
  static let maximumByteCount = 100_000_000
  /// The key of the free text entries.
  static let metadataKey = "__metadata__"

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [SafetensorsFile.Entry] = []
  private let path: String
  private let dataStart: Int

  init(parsing file: UnsafeRawBufferPointer, path: String) throws(FileError) {
    self.path = path
    guard file.count >= 8 else {
      throw FileError(path, "not a safetensors file: \(file.count) bytes, fewer than the header's length takes")
    }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= SafetensorsHeader.maximumByteCount else {
      throw FileError(
        path, at: .byte(0),
        "not a safetensors file: a header of \(length) bytes, over the format's "
          + "\(SafetensorsHeader.maximumByteCount)")
    }
    guard Int(length) <= file.count - 8 else {
      throw FileError(
        path, at: .byte(0), "the header of \(length) bytes does not fit into the file's \(file.count): it is truncated")
    }
    dataStart = 8 + Int(length)
    let text = UnsafeRawBufferPointer(rebasing: file[8..<dataStart])
    guard text.first == UInt8(ascii: "{") else {
      throw FileError(path, at: .byte(8), "not a safetensors file: the header is not a JSON object")
    }
    let value = try JSONValue.parse(text, path: path) { .byte($0 + 8) }
    guard let object = value.object else { throw FileError(path, at: .byte(8), "the header is not a JSON object") }
    for name in object.keys {
      guard let member = object[name] else { continue }
      if name == SafetensorsHeader.metadataKey {
        metadata = try parseMetadata(member)
      } else {
        entries.append(try parseEntry(name, member))
      }
    }
    try checkRanges(fileCount: file.count)
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func parseMetadata(_ value: JSONValue) throws(FileError) -> [String: String] {
    guard let object = value.object else {
      throw FileError(path, at: .part(SafetensorsHeader.metadataKey), "not an object of strings")
    }
    var result: [String: String] = [:]
    for key in object.keys {
      guard let text = object[key]?.string else {
        throw FileError(path, at: .part(SafetensorsHeader.metadataKey), "the value of \"\(key)\" is not a string")
      }
      result[key] = text
    }
    return result
  }

  private func parseEntry(_ name: String, _ value: JSONValue) throws(FileError) -> SafetensorsFile.Entry {
    func failure(_ cause: String) -> FileError { FileError(path, at: .part("tensor \"\(name)\""), cause) }
    guard let members = value.object, members.keys.sorted() == ["data_offsets", "dtype", "shape"] else {
      throw failure("its entry is not an object of just dtype, shape and data_offsets")
    }
    guard let code = members["dtype"]?.string else { throw failure("its dtype is not a string") }
    guard let type = ScalarType(rawValue: code) else { throw failure("the dtype \"\(code)\" is not known") }
    let shape = members["shape"]?.array?.compactMap(\.integer) ?? []
    guard shape.count == members["shape"]?.array?.count, shape.allSatisfy({ $0 >= 0 }) else {
      throw failure("its shape is not an array of sizes")
    }
    let offsets = members["data_offsets"]?.array?.compactMap(\.integer) ?? []
    guard offsets.count == 2, members["data_offsets"]?.array?.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1]
    else { throw failure("its data_offsets are not a start and an end") }
    var byteCount = type.byteCount
    for size in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
      guard !overflow else { throw failure("the shape \(shape) is too large") }
      byteCount = product
    }
    guard offsets[1] - offsets[0] == byteCount else {
      throw failure(
        "\(type.rawValue) of shape \(shape) takes \(byteCount) bytes, its data_offsets give \(offsets[1] - offsets[0])")
    }
    guard offsets[1] <= Int.max - dataStart else { throw failure("its data_offsets are too large") }
    return SafetensorsFile.Entry(
      name: name, type: type, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
  }

  /// The tensors must cover the rest of the file, each byte once.
  private func checkRanges(fileCount: Int) throws(FileError) {
    var end = dataStart
    let ordered = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in ordered {
      func failure(_ cause: String) -> FileError { FileError(path, at: .part("tensor \"\(entry.name)\""), cause) }
      guard entry.range.upperBound <= fileCount else {
        throw failure("its data end at byte \(entry.range.upperBound) of \(fileCount): the file is truncated")
      }
      guard entry.range.lowerBound >= end else { throw failure("its data overlap another tensor's") }
      guard entry.range.lowerBound == end else {
        throw failure("\(entry.range.lowerBound - end) bytes before its data belong to no tensor")
      }
      end = entry.range.upperBound
    }
    guard end == fileCount else {
      throw FileError(path, at: .byte(end), "\(fileCount - end) bytes after the last tensor belong to none")
    }
  }
}
