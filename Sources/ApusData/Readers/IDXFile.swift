import ApusFormats

/// An IDX file of unsigned bytes, the format of MNIST: a magic number, the sizes of the dimensions as
/// big-endian 32-bit integers, and the elements, the last dimension fastest. It may be gzipped.
///
/// Source: http://yann.lecun.com/exdb/mnist/
public struct IDXFile: Sendable {
  /// The sizes of the dimensions, outermost first.
  public let dimensions: [Int]
  /// The elements; mapped, not copied, where the file is not compressed.
  public let elements: ByteStorage
  /// The file's path.
  public let path: String

  /// Reads a file whole.
  ///
  /// - Throws: `FileError` when the magic number is not that of an IDX file of bytes, when elements are
  ///   missing or bytes follow them, or when the compression is at fault.
  public init(path: String) throws(FileError) {
    self.path = path
    let reader = try ByteReader(path: path)
    let magic = try IDXFile.readHeader(reader, byteCount: 4)
    guard magic[0] == 0, magic[1] == 0 else {
      let hexadecimal = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      throw FileError(path, at: .byte(0), "wrong magic number 0x\(hexadecimal): not an IDX file")
    }
    guard magic[2] == 0x08 else {
      let type = IDXFile.typeNames[magic[2]] ?? "code \(magic[2])"
      throw FileError(
        path, at: .byte(2), "wrong magic number: elements of type \(type)", remedy: "unsigned bytes are supported")
    }
    guard 1...8 ~= magic[3] else {
      throw FileError(path, at: .byte(3), "wrong magic number: \(magic[3]) dimensions")
    }
    let sizes = try IDXFile.readHeader(reader, byteCount: 4 * Int(magic[3]))
    dimensions = (0..<Int(magic[3])).map { index in
      sizes[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    elements = try IDXFile.readElements(reader, dimensions: dimensions)
  }

  private static let typeNames: [UInt8: String] = [
    0x09: "signed byte", 0x0B: "16-bit integer", 0x0C: "32-bit integer", 0x0D: "float", 0x0E: "double",
  ]

  private static func readHeader(_ reader: ByteReader, byteCount: Int) throws(FileError) -> [UInt8] {
    let start = reader.offset
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let count = try bytes.withUnsafeMutableBufferPointer { buffer throws(FileError) in
      try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard count == byteCount else {
      throw FileError(reader.path, at: .byte(start + count), "the file ends in its header: it is truncated")
    }
    return bytes
  }

  private static func readElements(_ reader: ByteReader, dimensions: [Int]) throws(FileError) -> ByteStorage {
    var expected = 1
    for size in dimensions {
      let (product, overflow) = expected.multipliedReportingOverflow(by: size)
      guard !overflow else { throw FileError(reader.path, at: .byte(4), "the sizes \(dimensions) are too large") }
      expected = product
    }
    let start = reader.offset
    func truncated(at end: Int) -> FileError {
      FileError(
        reader.path, at: .byte(end),
        "the file is truncated: \(end - start) of the \(expected) elements that its header promises")
    }
    let limit = reader.largestContents - start
    guard expected <= limit else { throw truncated(at: reader.uncompressed?.count ?? start) }
    let elements: ByteStorage
    if let file = reader.uncompressed {
      elements = file.part(start..<start + expected)
      guard file.count == start + expected else { throw trailing(file.count - start - expected) }
    } else {
      elements = try ByteStorage.allocated(byteCount: expected) { buffer throws(FileError) in
        let count = try reader.read(into: buffer)
        guard count == expected else { throw truncated(at: start + count) }
      }
      var one: UInt8 = 0
      let rest = try withUnsafeMutableBytes(of: &one) { buffer throws(FileError) in try reader.read(into: buffer) }
      guard rest == 0 else { throw trailing(nil) }
    }
    func trailing(_ count: Int?) -> FileError {
      FileError(
        reader.path, at: .byte(start + expected),
        "\(count.map { "\($0) " } ?? "")bytes follow the \(expected) elements that its header promises")
    }
    return elements
  }

  /// The elements as labels.
  ///
  /// - Throws: `FileError` when the file has not one dimension, or a label is not below `classCount`.
  public func labels(classCount: Int) throws(FileError) -> [Int32] {
    guard dimensions.count == 1 else {
      throw FileError(path, at: .byte(3), "labels have 1 dimension, this file has \(dimensions.count)")
    }
    let labels = elements.withBytes { $0.map(Int32.init) }
    if let index = labels.firstIndex(where: { $0 >= classCount }) {
      throw FileError(
        path, at: .byte(8 + index), "label \(labels[index]) of sample \(index) is out of range 0...\(classCount - 1)")
    }
    return labels
  }

  /// The bytes of an IDX file that holds `elements`.
  ///
  /// - Precondition: there are 1 to 8 dimensions, and as many elements as their product.
  public static func encoded(dimensions: [Int], elements: [UInt8]) -> [UInt8] {
    precondition(1...8 ~= dimensions.count && dimensions.reduce(1, *) == elements.count)
    let sizes = dimensions.flatMap { size in (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } }
    return [0, 0, 0x08, UInt8(dimensions.count)] + sizes + elements
  }
}

extension Table {
  /// A table from a pair of IDX files, images `[N, H, W]` and labels `[N]`; bytes stand for 0 to 1.
  ///
  /// - Throws: `FileError` when a file is wrong, or the two do not belong together.
  public init(images imagesPath: String, labels labelsPath: String, classCount: Int) throws(FileError) {
    let images = try IDXFile(path: imagesPath)
    guard images.dimensions.count == 3 else {
      throw FileError(imagesPath, at: .byte(3), "images have 3 dimensions, this file has \(images.dimensions.count)")
    }
    let labels = try IDXFile(path: labelsPath).labels(classCount: classCount)
    guard labels.count == images.dimensions[0] else {
      throw FileError(
        labelsPath, at: .byte(4), "\(labels.count) labels for the \(images.dimensions[0]) images of \(imagesPath)")
    }
    guard !labels.isEmpty, images.elements.count > 0 else {
      throw FileError(imagesPath, at: .byte(4), "there are no images, the sizes are \(images.dimensions)")
    }
    self.init(
      count: labels.count, sampleShape: [1, images.dimensions[1], images.dimensions[2]],
      features: .bytes(images.elements), scale: 1 / 255, labels: labels)
  }
}
