/// Pictures of one size in rows and columns, such as what a generative model has drawn.
public struct ImageGrid: Hashable, Sendable {
  /// Pixels in a picture's row.
  public let width: Int
  /// A picture's rows.
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channelCount: Int
  /// Pictures in a row.
  public var columns: Int
  /// White pixels between pictures.
  public var gap = 2
  private let pictures: [[UInt8]]

  /// Pictures as training data have them: each channel's values in rows, channel after channel.
  ///
  /// - Parameters:
  ///   - values: 0 for black to 1 for white, picture after picture; what lies beyond is cut off, and a last picture that
  ///     is not whole is left out.
  ///   - columns: pictures in a row; nil for about as many rows as columns.
  /// - Precondition: sizes are positive, and `channelCount` is 1 or 3.
  public init(values: [Float], channelCount: Int, height: Int, width: Int, columns: Int? = nil) {
    precondition(width > 0 && height > 0 && (channelCount == 1 || channelCount == 3))
    self.width = width
    self.height = height
    self.channelCount = channelCount
    let area = width * height
    let count = values.count / (area * channelCount)
    pictures = (0..<count).map { picture in
      let start = picture * area * channelCount
      return (0..<area).flatMap { pixel in
        (0..<channelCount).map { channel -> UInt8 in
          let value = values[start + channel * area + pixel]
          return value > 0 ? UInt8((min(value, 1) * 255).rounded()) : 0
        }
      }
    }
    self.columns = max(columns ?? Int(Double(count).squareRoot().rounded(.up)), 1)
  }

  /// The number of pictures.
  public var count: Int { pictures.count }

  /// All pictures as one.
  ///
  /// - Parameters:
  ///   - scale: how many pixels a pixel becomes on each side, so that small pictures can be seen.
  public func picture(scale: Int = 1) -> PixelImage {
    let scale = max(scale, 1)
    let rows = max((pictures.count + columns - 1) / columns, 1)
    let (cellWidth, cellHeight) = (width * scale + gap, height * scale + gap)
    let (totalWidth, totalHeight) = (columns * cellWidth + gap, rows * cellHeight + gap)
    var samples = [UInt8](repeating: 255, count: totalWidth * totalHeight * channelCount)
    for (index, picture) in pictures.enumerated() {
      let (left, top) = (gap + index % columns * cellWidth, gap + index / columns * cellHeight)
      for y in 0..<height * scale {
        for x in 0..<width * scale {
          let source = (y / scale * width + x / scale) * channelCount
          let target = ((top + y) * totalWidth + left + x) * channelCount
          for channel in 0..<channelCount { samples[target + channel] = picture[source + channel] }
        }
      }
    }
    return PixelImage(width: totalWidth, height: totalHeight, channelCount: channelCount, samples: samples)
  }

  /// Writes all pictures as one PNG file, atomically.
  public func writePNG(to path: String, scale: Int = 1) throws(FileError) {
    try picture(scale: scale).writePNG(to: path)
  }
}
