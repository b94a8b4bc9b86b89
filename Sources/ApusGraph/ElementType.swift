/// What a tensor's elements are. Arithmetic is in `float32`; the integers carry labels, indices and bytes.
public enum ElementType: String, Sendable, Hashable, Codable {
  case float32, int32, uint8

  /// The size of one element.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .uint8: 1
    }
  }
}

/// The static type of a tensor.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The extents.
  public let shape: Shape
  /// The elements.
  public let elementType: ElementType

  /// A type of the given extents and elements.
  public init(_ shape: Shape, _ elementType: ElementType = .float32) {
    self.shape = shape
    self.elementType = elementType
  }

  public var description: String { elementType == .float32 ? shape.description : "\(elementType.rawValue)\(shape)" }
}
