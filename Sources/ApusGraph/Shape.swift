/// The extent of a tensor along each axis, outermost first; a scalar has none.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents.
  public let dimensions: [Int]

  /// A shape of the given extents.
  public init(_ dimensions: [Int]) { self.dimensions = dimensions }

  public init(arrayLiteral dimensions: Int...) { self.dimensions = dimensions }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The number of elements; 1 for a scalar, and the largest integer where it is no integer any more.
  public var count: Int {
    dimensions.reduce(1) { count, extent in
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      return overflows ? Int.max : product
    }
  }

  /// The most elements that a tensor of a graph may have, far beyond any memory: sizes of a few of them, in bytes, are
  /// integers still.
  static let largestCount = 1 << 40

  /// The extent along an axis; negative axes count from the end.
  public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

  /// The distance in elements between neighbours along each axis, in row-major order.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  /// The shape that both broadcast to by NumPy's rule, or nil: axes are aligned at the end, and extents are
  /// equal or 1.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for back in 1...max(rank, 1) where back <= rank {
      let a = back <= self.rank ? self[-back] : 1
      let b = back <= other.rank ? other[-back] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[rank - back] = a == 1 ? b : a
    }
    return Shape(result)
  }

  /// Whether this shape broadcasts to exactly `target`.
  public func broadcasts(to target: Shape) -> Bool { broadcast(with: target) == target }

  /// The axes of `target` along which this shape is repeated when it is broadcast to it.
  func axesRepeated(in target: Shape) -> [Int] {
    (0..<target.rank).filter { axis in
      let own = axis - (target.rank - rank)
      return own < 0 || (dimensions[own] == 1 && target[axis] != 1)
    }
  }
}
