/// How a window of a convolution or a pooling moves over the two axes of an image: rows first, columns second.
public struct Window: Hashable, Sendable {
  /// The window's own extents.
  public let size: [Int]
  /// The distance between neighbouring positions.
  public let strides: [Int]
  /// What is added on each side of each axis.
  public let padding: [Int]
  /// The distance between neighbouring elements within the window.
  public let dilation: [Int]

  /// A window; each list has a number for rows and one for columns.
  public init(size: [Int], strides: [Int] = [1, 1], padding: [Int] = [0, 0], dilation: [Int] = [1, 1]) {
    self.size = size
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
  }

  /// How many positions the window has over an axis of an image.
  public func positions(over extent: Int, axis: Int) -> Int {
    let reach = dilation[axis] * (size[axis] - 1) + 1
    let room = extent + 2 * padding[axis] - reach
    return room < 0 ? 0 : room / strides[axis] + 1
  }

  /// The smallest extent over which the window has so many positions, and `extra` more rows or columns at the end.
  func extent(positions: Int, extra: Int, axis: Int) -> Int {
    (positions - 1) * strides[axis] - 2 * padding[axis] + dilation[axis] * (size[axis] - 1) + 1 + extra
  }

  /// The element of an image under one element of the window, or nil where that is padding.
  public func source(position: Int, element: Int, extent: Int, axis: Int) -> Int? {
    let source = position * strides[axis] - padding[axis] + element * dilation[axis]
    return source >= 0 && source < extent ? source : nil
  }

  /// The largest number of a window that makes sense: its product with an image's extent is an integer still.
  private static let largest = 1 << 20

  /// Throws a violation unless every number makes sense.
  func checkNumbers() throws(RuleViolation) {
    guard (size + strides + dilation).allSatisfy({ 1...Self.largest ~= $0 }),
      padding.allSatisfy({ 0...Self.largest ~= $0 })
    else {
      throw RuleViolation(
        "sizes, strides and dilations are from 1 and paddings from 0 to \(Self.largest), not those of \(self)")
    }
  }

  /// Throws a violation unless every number makes sense and the window fits an image at least once.
  func check(over image: [Int]) throws {
    try checkNumbers()
    guard (0..<2).allSatisfy({ positions(over: image[$0], axis: $0) >= 1 }) else {
      throw RuleViolation("the window \(self) does not fit an image of \(image[0])×\(image[1])")
    }
  }
}

extension Window: CustomStringConvertible {
  /// The size, and whatever differs from the default.
  public var description: String {
    var text = "\(size[0])×\(size[1])"
    if strides != [1, 1] { text += " stride \(strides[0])×\(strides[1])" }
    if padding != [0, 0] { text += " padding \(padding[0])×\(padding[1])" }
    if dilation != [1, 1] { text += " dilation \(dilation[0])×\(dilation[1])" }
    return text
  }
}
