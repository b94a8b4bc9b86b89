/// Turns the bytes of picture files into pixels: JPEG by libjpeg-turbo, PNG by libpng.
///
/// The format is told by the first bytes, not by a file's name. A decoder holds its library's working memory, so
/// one thread should decode many pictures with one decoder; it is not for several threads at once.
public final class ImageDecoder {
  private let jpeg = JPEGDecoder()

  /// A decoder.
  public init() {}

  /// The smallest size that a picture must have to be of use.
  public struct Coverage: Hashable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int

    /// A size in pixels.
    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// The widest and the highest picture that is read.
  static let largestSide = 16_384

  /// Decodes one picture, in its own channels or converted to `channelCount`.
  ///
  /// Transparency is laid over black; deeper samples become 8 bits. A JPEG may be decoded at a half, a quarter or an
  /// eighth of its size, which saves most of the work, as long as it still covers twice `coverage` both ways.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - path: the file that errors name.
  ///   - channelCount: 1 for grey, 3 for colours, nil for what the file has.
  ///   - coverage: the size to which the caller will shrink the picture; nil for the full size.
  /// - Throws: `FileError` when the format is not known or the file is damaged.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, channelCount: Int? = nil, coverage: Coverage? = nil
  ) throws(FileError) -> PixelImage {
    precondition(channelCount == nil || channelCount == 1 || channelCount == 3)
    switch ImageFormat(bytes) {
    case .jpeg: return try jpeg.decode(bytes, path: path, channelCount: channelCount, coverage: coverage)
    case .png:
      let image = try PNGFile.decode(bytes, path: path)
      return channelCount.map(image.converted) ?? image
    case .other(let name): throw FileError(path, "\(name); JPEG and PNG pictures can be read", remedy: "convert it")
    case nil:
      guard !bytes.isEmpty else { throw FileError(path, "the file is empty") }
      throw FileError(path, at: .byte(0), "not a picture in a known format; JPEG and PNG can be read")
    }
  }

  static func checkSize(width: Int, height: Int, path: String) throws(FileError) {
    guard 1...largestSide ~= width, 1...largestSide ~= height else {
      throw FileError(path, "a picture of \(width)×\(height) pixels; 1 to \(largestSide) each way can be read")
    }
  }
}

/// What the first bytes of a picture file tell.
private enum ImageFormat {
  case jpeg
  case png
  /// A format that is known but not read, as a phrase.
  case other(String)

  init?(_ bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = .png
    } else if bytes.starts(with: Array("GIF8".utf8)) {
      self = .other("a GIF picture")
    } else if bytes.starts(with: Array("BM".utf8)) {
      self = .other("a BMP picture")
    } else if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      self = .other("a WebP picture")
    } else if bytes.starts(with: [0x49, 0x49, 0x2A, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) {
      self = .other("a TIFF picture")
    } else {
      return nil
    }
  }
}
