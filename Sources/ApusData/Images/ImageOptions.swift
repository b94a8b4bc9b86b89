/// How a folder of pictures becomes a data set.
public struct ImageOptions: Hashable, Sendable {
  /// The size to which every picture is brought.
  public struct Size: Hashable, Sendable, CustomStringConvertible {
    /// Rows.
    public let height: Int
    /// Pixels in a row.
    public let width: Int

    /// A size in pixels.
    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }

    /// A size from text: `32` for a square, or `HEIGHTxWIDTH`; nil for anything else.
    public init?(parsing text: String) {
      let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard 1...2 ~= sides.count, sides.allSatisfy({ 1...4096 ~= $0 }) else { return nil }
      self.init(height: sides[0], width: sides.last ?? 0)
    }

    /// The size as it is written.
    public var description: String { height == width ? "\(height)" : "\(height)x\(width)" }
  }

  /// What becomes of a picture that cannot be read.
  public enum Errors: String, CaseIterable, Sendable {
    /// Loading stops with its error.
    case stop
    /// It is left out, and the data set has a warning.
    case skip
  }

  /// The size of every sample; that of the first picture when nil.
  public var size: Size?
  /// 3 for colours, 1 for grey.
  public var channelCount = 3
  /// The part of each class that is kept for validation where the folder has no pair of parts; above 0, below 1.
  public var validationFraction = 0.1
  /// Which pictures those are: they are drawn by Philox from this seed.
  public var seed: UInt64 = 0
  /// What becomes of a picture that cannot be read.
  public var errors = Errors.stop

  /// The defaults stated above.
  public init() {}

  func validated() throws(DataError) -> ImageOptions {
    guard channelCount == 1 || channelCount == 3 else {
      throw .invalidOption("image-channels", cause: "\(channelCount) is neither 1 nor 3")
    }
    guard validationFraction > 0, validationFraction < 1 else {
      throw .invalidOption("images-validation", cause: "\(validationFraction) is not above 0 and below 1")
    }
    return self
  }
}
