/// A tensor to be written: what the header says of it, and how its bytes are produced.
public struct TensorContents {
  /// The tensor's name.
  public let name: String
  /// The type of its elements.
  public let type: ScalarType
  /// Its dimensions, outermost first.
  public let shape: [Int]
  let write: (FileSink) throws(FileError) -> Void

  /// A tensor whose bytes are streamed by a closure, row-major and little-endian, so that one of any size
  /// is written without a copy of it in memory.
  public init(
    name: String, type: ScalarType, shape: [Int], write: @escaping (FileSink) throws(FileError) -> Void
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.write = write
  }

  /// A single-precision tensor from an array in row-major order.
  public init(name: String, shape: [Int], floats: [Float]) {
    self.init(name: name, type: .float32, shape: shape) { sink throws(FileError) in try sink.write(floats) }
  }

  var byteCount: Int { shape.reduce(type.byteCount, *) }
}

/// Writes a safetensors file atomically: see `atomicallyWrite`.
///
/// Tensors of wider elements come first and names decide within a width, so every tensor is aligned to its
/// elements; the header's keys are sorted and the header is padded with spaces to a multiple of 8. The same
/// tensors give the same bytes.
///
/// - Parameters:
///   - path: the file to create or replace.
///   - tensors: in any order; each name once.
///   - metadata: free text entries for the header.
/// - Throws: `FileError` when a name repeats or is reserved, when a tensor produces another number of bytes
///   than its shape has, or when the file cannot be written.
public func writeSafetensors(
  to path: String, tensors: [TensorContents], metadata: [String: String] = [:]
) throws(FileError) {
  let ordered = tensors.sorted {
    ($1.type.byteCount, $0.name) < ($0.type.byteCount, $1.name)
  }
  var entries: [String: JSONValue] = [:]
  var offset = 0
  for tensor in ordered {
    guard tensor.name != SafetensorsHeader.metadataKey, entries[tensor.name] == nil else {
      throw FileError(path, at: .part("tensor \"\(tensor.name)\""), "the name is taken")
    }
    let end = offset + tensor.byteCount
    entries[tensor.name] = .object([
      "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.shape.map(JSONValue.integer)),
      "data_offsets": .array([.integer(offset), .integer(end)]),
    ])
    offset = end
  }
  var header = JSONObject()
  if !metadata.isEmpty {
    var texts = JSONObject()
    for key in metadata.keys.sorted() { texts[key] = metadata[key].map(JSONValue.string) }
    header[SafetensorsHeader.metadataKey] = .object(texts)
  }
  for name in entries.keys.sorted() { header[name] = entries[name] }
  var text = Array(JSONValue.object(header).line.utf8)
  text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
  try atomicallyWrite(to: path) { sink throws(FileError) in
    try sink.write([UInt64(text.count).littleEndian])
    try sink.write(text)
    for tensor in ordered {
      let start = sink.offset
      try tensor.write(sink)
      guard sink.offset - start == tensor.byteCount else {
        throw FileError(
          path, at: .part("tensor \"\(tensor.name)\""),
          "\(sink.offset - start) bytes were produced, its shape \(tensor.shape) has \(tensor.byteCount)")
      }
    }
  }
}
