extension PNGImage {
  /// Writes the picture atomically.
  ///
  /// - Throws: `FileError` that names `path`.
  public func write(to path: String) throws(FileError) {
    guard let file = encoded() else { throw FileError(path, "zlib is out of memory") }
    try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(file) }
  }

  /// The bytes of a PNG file; nil only when zlib is out of memory.
  public func encoded() -> [UInt8]? {
    let stride = width * channelCount
    var rows: [UInt8] = []
    rows.reserveCapacity((stride + 1) * height)
    for row in 0..<height {
      // Filter 0: the samples as they are. For small pictures and plots the others gain little.
      rows.append(0)
      rows += samples[row * stride..<(row + 1) * stride]
    }
    guard let packed = deflated(rows, as: .zlib, level: 9) else { return nil }
    let colour: UInt8 = channelCount == 1 ? 0 : 2
    let header = PNGImage.bigEndian(UInt32(width)) + PNGImage.bigEndian(UInt32(height)) + [8, colour, 0, 0, 0]
    return PNGImage.signature + PNGImage.chunk("IHDR", header) + PNGImage.chunk("IDAT", packed)
      + PNGImage.chunk("IEND", [])
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + contents
    return bigEndian(UInt32(contents.count)) + body + bigEndian(checksum(body[...]))
  }
}
