/// A picture of 8-bit grey or red-green-blue pixels, in rows from the top.
public struct PixelImage: Hashable, Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channelCount: Int
  /// The samples, a pixel's channels next to one another.
  public let samples: [UInt8]

  /// A picture of samples that are already laid out.
  ///
  /// - Precondition: `channelCount` is 1 or 3, and there are `width · height · channelCount` samples.
  public init(width: Int, height: Int, channelCount: Int, samples: [UInt8]) {
    precondition(width > 0 && height > 0 && (channelCount == 1 || channelCount == 3))
    precondition(samples.count == width * height * channelCount)
    self.width = width
    self.height = height
    self.channelCount = channelCount
    self.samples = samples
  }

  /// Reads a picture file, of whichever format its first bytes tell.
  ///
  /// - Throws: `FileError` when the file is not a picture in a format that can be read, or is damaged.
  public init(path: String) throws(FileError) {
    let storage = try ByteStorage.mapped(path: path)
    self = try storage.withBytes { bytes throws(FileError) in try ImageDecoder().decode(bytes, path: path) }
  }

  /// The picture in grey, by ITU-R BT.601's weights of red, green and blue.
  public var grey: PixelImage {
    guard channelCount == 3 else { return self }
    let grey = stride(from: 0, to: samples.count, by: 3).map { index -> UInt8 in
      let sum = 299 * Int(samples[index]) + 587 * Int(samples[index + 1]) + 114 * Int(samples[index + 2])
      return UInt8((sum + 500) / 1000)
    }
    return PixelImage(width: width, height: height, channelCount: 1, samples: grey)
  }

  /// The picture in 1 or 3 channels: grey by `grey`, or the same value in all three.
  ///
  /// - Precondition: `count` is 1 or 3.
  public func converted(toChannels count: Int) -> PixelImage {
    precondition(count == 1 || count == 3)
    if count == channelCount { return self }
    if count == 1 { return grey }
    return PixelImage(
      width: width, height: height, channelCount: 3, samples: samples.flatMap { CollectionOfOne($0) + [$0, $0] })
  }

  /// Writes the samples channel by channel, `[C, H, W]`.
  ///
  /// - Precondition: `destination` holds `samples.count` bytes.
  public func copyPlanes(into destination: UnsafeMutableBufferPointer<UInt8>) {
    precondition(destination.count == samples.count)
    samples.withUnsafeBufferPointer { samples in
      let plane = width * height
      for channel in 0..<channelCount {
        for pixel in 0..<plane { destination[channel * plane + pixel] = samples[pixel * channelCount + channel] }
      }
    }
  }
}
