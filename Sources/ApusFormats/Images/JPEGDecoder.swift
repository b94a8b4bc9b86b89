import CTurboJPEG

/// Decodes JPEG pictures, with the working memory of one libjpeg-turbo decompressor.
final class JPEGDecoder {
  private var handle: tjhandle?

  deinit { if let handle { tjDestroy(handle) } }

  private func openHandle(path: String) throws(FileError) -> tjhandle {
    if let handle { return handle }
    guard let made = tjInitDecompress() else { throw FileError(path, "libjpeg-turbo cannot start: out of memory") }
    handle = made
    return made
  }

  func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, channelCount: Int?, coverage: ImageDecoder.Coverage?
  ) throws(FileError) -> PixelImage {
    let handle = try openHandle(path: path)
    let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let isRead = tjDecompressHeader3(handle, source, UInt(bytes.count), &width, &height, &subsampling, &space) == 0
    // A file that ends in its header is no error to libjpeg-turbo, but then there is no size.
    guard isRead || tjGetErrorCode(handle) == TJERR_WARNING.rawValue, width > 0, height > 0 else {
      throw damage(handle, path)
    }
    try ImageDecoder.checkSize(width: Int(width), height: Int(height), path: path)
    let isInk = space == TJCS_CMYK.rawValue || space == TJCS_YCCK.rawValue
    let channels = channelCount ?? (space == TJCS_GRAY.rawValue ? 1 : 3)
    let format = isInk ? TJPF_CMYK : channels == 1 ? TJPF_GRAY : TJPF_RGB
    let scale = JPEGDecoder.scale(width: Int(width), height: Int(height), coverage: coverage)
    let (scaledWidth, scaledHeight) = ((Int(width) + scale - 1) / scale, (Int(height) + scale - 1) / scale)
    let count = scaledWidth * scaledHeight * (isInk ? 4 : channels)
    var code: Int32 = 0
    let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      code = tjDecompress2(
        handle, source, UInt(bytes.count), buffer.baseAddress, Int32(scaledWidth), 0, Int32(scaledHeight),
        format.rawValue, TJFLAG_LIMITSCANS)
      initialized = code == 0 || tjGetErrorCode(handle) == TJERR_WARNING.rawValue ? count : 0
    }
    guard code == 0 || isHarmless(handle), samples.count == count else { throw damage(handle, path) }
    guard isInk else {
      return PixelImage(width: scaledWidth, height: scaledHeight, channelCount: channels, samples: samples)
    }
    let picture = PixelImage(
      width: scaledWidth, height: scaledHeight, channelCount: 3, samples: JPEGDecoder.colours(ofInks: samples))
    return picture.converted(toChannels: channels)
  }

  /// How many pixels become one, of those for which libjpeg-turbo has fast transforms.
  private static func scale(width: Int, height: Int, coverage: ImageDecoder.Coverage?) -> Int {
    guard let coverage else { return 1 }
    return [8, 4, 2].first { width / $0 >= 2 * coverage.width && height / $0 >= 2 * coverage.height } ?? 1
  }

  /// Red, green and blue of cyan, magenta, yellow and black as Adobe's programs store them: inverted.
  private static func colours(ofInks inks: [UInt8]) -> [UInt8] {
    var samples: [UInt8] = []
    samples.reserveCapacity(inks.count / 4 * 3)
    for pixel in stride(from: 0, to: inks.count, by: 4) {
      let light = Int(inks[pixel + 3])
      for ink in inks[pixel..<pixel + 3] { samples.append(UInt8((Int(ink) * light + 127) / 255)) }
    }
    return samples
  }

  /// Whether the last warning is of a kind that leaves every pixel as it was.
  private func isHarmless(_ handle: tjhandle) -> Bool {
    guard tjGetErrorCode(handle) == TJERR_WARNING.rawValue else { return false }
    let message = String(cString: tjGetErrorStr2(handle))
    return message.contains("extraneous bytes before marker") || message.contains("JFIF revision")
  }

  private func damage(_ handle: tjhandle, _ path: String) -> FileError {
    FileError(path, "the JPEG is damaged: \(String(cString: tjGetErrorStr2(handle)))")
  }
}
