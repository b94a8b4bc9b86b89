import CPNG

/// PNG files by libpng's simplified interface, which reads every kind: any depth, palettes, transparency, interlaced.
enum PNGFile {
  /// Decodes a file: grey stays grey, all else becomes red, green and blue; transparency is laid over black, as the
  /// background of the digits that are trained on.
  static func decode(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> PixelImage {
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&header) }
    guard png_image_begin_read_from_memory(&header, bytes.baseAddress, bytes.count) != 0 else {
      throw FileError(path, "the PNG is damaged: \(message(header))")
    }
    let (width, height) = (Int(header.width), Int(header.height))
    try ImageDecoder.checkSize(width: width, height: height, path: path)
    // Deflate shrinks nothing below a 1032nd: a small file that claims more is not worth the memory.
    guard width * height / 8 <= bytes.count * 1032 else {
      throw FileError(path, "the PNG is damaged: \(width)×\(height) pixels cannot be in \(bytes.count) bytes")
    }
    let colours = header.format & UInt32(PNG_FORMAT_FLAG_COLOR)
    let hasAlpha = header.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
    header.format = colours | (hasAlpha ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
    // Samples of 16 bits are taken to be of the same curve as those of 8, as everywhere else.
    header.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
    let channelCount = colours == 0 ? 1 : 3
    let count = width * height * (channelCount + (hasAlpha ? 1 : 0))
    let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = png_image_finish_read(&header, nil, buffer.baseAddress, 0, nil) != 0 ? count : 0
    }
    guard samples.count == count else { throw FileError(path, "the PNG is damaged: \(message(header))") }
    return PixelImage(
      width: width, height: height, channelCount: channelCount,
      samples: hasAlpha ? opaque(samples, channelCount: channelCount) : samples)
  }

  private static func opaque(_ samples: [UInt8], channelCount: Int) -> [UInt8] {
    var colours: [UInt8] = []
    colours.reserveCapacity(samples.count)
    for pixel in stride(from: 0, to: samples.count, by: channelCount + 1) {
      let alpha = Int(samples[pixel + channelCount])
      for sample in samples[pixel..<pixel + channelCount] { colours.append(UInt8((Int(sample) * alpha + 127) / 255)) }
    }
    return colours
  }

  /// libpng's own words.
  fileprivate static func message(_ header: png_image) -> String {
    withUnsafeBytes(of: header.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension PixelImage {
  /// The bytes of a PNG file.
  ///
  /// - Throws: `FileError` that names `path`, only when memory is short.
  public func encodedPNG(path: String = "PNG") throws(FileError) -> [UInt8] {
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.format = channelCount == 1 ? 0 : UInt32(PNG_FORMAT_FLAG_COLOR)
    // Deflate makes at most a little more of what it cannot shrink.
    var byteCount = samples.count + height + (samples.count + height) / 1000 + 1024
    var isWritten = false
    let file = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
      isWritten = png_image_write_to_memory(&header, buffer.baseAddress, &byteCount, 0, samples, 0, nil) != 0
      initialized = isWritten ? byteCount : 0
    }
    guard isWritten else { throw FileError(path, "the PNG cannot be encoded: \(PNGFile.message(header))") }
    return file
  }

  /// Writes the picture as a PNG file, atomically.
  ///
  /// - Throws: `FileError` that names `path`.
  public func writePNG(to path: String) throws(FileError) {
    let file = try encodedPNG(path: path)
    try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(file) }
  }
}
