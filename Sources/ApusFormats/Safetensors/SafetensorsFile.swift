/// A safetensors file, mapped: its header is read and checked at once, tensors are read when asked for.
///
/// The format: eight bytes of header length, a JSON header that gives each tensor's type, shape and byte
/// range, then the tensors, row-major and little-endian, back to back.
///
/// Source: https://huggingface.co/docs/safetensors
public struct SafetensorsFile: Sendable {
  /// One tensor's place in the file.
  public struct Entry: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The type of its elements.
    public let type: ScalarType
    /// Its dimensions, outermost first.
    public let shape: [Int]
    /// Its bytes, counted from the start of the file.
    public let range: Range<Int>

    /// The number of elements.
    public var elementCount: Int { range.count / type.byteCount }
  }

  /// The file's path.
  public let path: String
  /// The free text entries of the header.
  public let metadata: [String: String]
  /// The tensors, sorted by name.
  public let entries: [Entry]
  private let indices: [String: Int]
  private let storage: ByteStorage

  /// Maps a file and checks its header.
  ///
  /// - Throws: `FileError` when the header is not well formed, when a tensor's bytes lie outside the file,
  ///   overlap, leave gaps or do not match its type and shape, or when a name stands there twice.
  public init(path: String) throws(FileError) {
    self.path = path
    storage = try ByteStorage.mapped(path: path)
    let header = try SafetensorsHeader(parsing: storage.bytes, path: path)
    metadata = header.metadata
    entries = header.entries
    indices = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  /// The tensor of a name, or nil.
  public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// A tensor's bytes in the file, uncopied.
  public func bytes(of entry: Entry) -> ByteStorage { storage.part(entry.range) }

  /// A tensor's values as `Float`.
  ///
  /// F32, F16 and BF16 convert exactly, F64 rounds to nearest.
  /// - Throws: `FileError` when there is no such tensor, or its type is not a floating-point one.
  public func floats(_ name: String) throws(FileError) -> [Float] {
    let entry = try self.entry(named: name)
    var values = [Float](repeating: 0, count: entry.elementCount)
    try values.withUnsafeMutableBufferPointer { buffer throws(FileError) in try read(entry, into: buffer) }
    return values
  }

  /// Writes a tensor's values into `destination`, which must hold exactly its elements.
  public func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    try read(try entry(named: name), into: destination)
  }

  private func entry(named name: String) throws(FileError) -> Entry {
    guard let entry = self[name] else { throw FileError(path, "holds no tensor named \"\(name)\"") }
    return entry
  }

  private func read(_ entry: Entry, into destination: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    guard destination.count == entry.elementCount else {
      throw FileError(
        path, at: .part("tensor \"\(entry.name)\""),
        "holds \(entry.elementCount) values of shape \(entry.shape), \(destination.count) are needed")
    }
    let source = UnsafeRawBufferPointer(rebasing: storage.bytes[entry.range])
    func convert<Bits: BitwiseCopyable>(_ value: (Bits) -> Float) {
      for index in 0..<destination.count {
        let bits = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        destination[index] = value(bits)
      }
    }
    switch entry.type {
    case .float32: UnsafeMutableRawBufferPointer(destination).copyMemory(from: source)
    case .float64: convert { (bits: UInt64) in Float(Double(bitPattern: UInt64(littleEndian: bits))) }
    case .float16: convert { (bits: UInt16) in float(half: UInt16(littleEndian: bits)) }
    case .bfloat16: convert { (bits: UInt16) in float(bfloat: UInt16(littleEndian: bits)) }
    default:
      throw FileError(
        path, at: .part("tensor \"\(entry.name)\""),
        "has elements of type \(entry.type.rawValue), not numbers that "
          + "can be read as floats", remedy: "F32, F64, F16 and BF16 can")
    }
  }

  /// A tensor's values as 64-bit integers.
  ///
  /// - Throws: `FileError` when there is no such tensor, or its type is not I64, I32 or U8.
  public func integers(_ name: String) throws(FileError) -> [Int64] {
    let entry = try self.entry(named: name)
    let source = UnsafeRawBufferPointer(rebasing: storage.bytes[entry.range])
    func values<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type) -> [Int64] {
      (0..<entry.elementCount).map { index in
        let bits = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        return Int64(Bits(littleEndian: bits))
      }
    }
    switch entry.type {
    case .int64: return values(Int64.self)
    case .int32: return values(Int32.self)
    case .uint8: return values(UInt8.self)
    default:
      throw FileError(
        path, at: .part("tensor \"\(entry.name)\""), "has elements of type \(entry.type.rawValue), not integers",
        remedy: "I64, I32 and U8 can be read")
    }
  }
}
