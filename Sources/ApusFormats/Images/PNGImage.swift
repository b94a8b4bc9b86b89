import CZlib

/// A picture of 8-bit grey or red-green-blue pixels, in rows from the top.
public struct PNGImage: Hashable, Sendable {
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

  /// The picture in grey, by ITU-R BT.601's weights of red, green and blue.
  public var grey: PNGImage {
    guard channelCount == 3 else { return self }
    let grey = stride(from: 0, to: samples.count, by: 3).map { index -> UInt8 in
      let sum = 299 * Int(samples[index]) + 587 * Int(samples[index + 1]) + 114 * Int(samples[index + 2])
      return UInt8((sum + 500) / 1000)
    }
    return PNGImage(width: width, height: height, channelCount: 1, samples: grey)
  }

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The checksum of a chunk's type and contents.
  package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
  }
}
