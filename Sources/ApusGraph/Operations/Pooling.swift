/// The extents of a pooling.
public struct PoolShape: Hashable, Sendable {
  /// What becomes of a window's elements.
  public enum Kind: String, Sendable, Hashable {
    /// The largest; padding never is. The first of equals in row-major order counts as the largest, and NaN above all.
    case max
    /// The mean, in which padding counts as zeros.
    case average
    /// The mean of the elements that are not padding.
    case averageWithoutPadding = "average without padding"
  }

  /// What becomes of a window's elements.
  public let kind: Kind
  /// The images' channels, all told.
  public let planes: Int
  /// The rows and columns before.
  public let input: [Int]
  /// The rows and columns after.
  public let output: [Int]
  /// The window's size and movement.
  public let window: Window

  /// Extents that are known to fit.
  public init(kind: Kind, planes: Int, input: [Int], output: [Int], window: Window) {
    self.kind = kind
    self.planes = planes
    self.input = input
    self.output = output
    self.window = window
  }
}

/// The largest or mean element under a moving window. Operand: `[N, C, H, W]`.
public struct Pool: OperationRule {
  /// What becomes of a window's elements.
  public let kind: PoolShape.Kind
  /// The window's size and movement.
  public let window: Window

  var name: String { "\(kind.rawValue) pooling" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let shape = try shape(operands[0])
    return TensorType(Shape(operands[0].shape.dimensions.prefix(2) + shape.output))
  }

  /// The extents for images that fit.
  public func shape(_ images: TensorType) throws -> PoolShape {
    let x = images.shape
    guard images.elementType == .float32, x.rank == 4 else {
      throw RuleViolation("needs float images [N, C, H, W], not \(images)")
    }
    try window.check(over: [x[2], x[3]])
    guard (0..<2).allSatisfy({ 2 * window.padding[$0] <= window.size[$0] }) else {
      throw RuleViolation("the padding of the window \(window) is more than half its size")
    }
    return PoolShape(
      kind: kind, planes: x[0] * x[1], input: [x[2], x[3]],
      output: (0..<2).map { window.positions(over: x[2 + $0], axis: $0) }, window: window)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    let x = context.operands[0]
    guard let shape = try? shape(x.type) else { return [nil] }
    let rule = Operation.poolGradient(PoolGradient(shape: shape, images: x.shape))
    let g = context.gradient
    return [kind == .max ? g.apply(rule, x, at: context.location) : g.apply(rule, at: context.location)]
  }
}

/// What reaches the input of a pooling. Operands: the output's gradient and, for the largest element, the input.
public struct PoolGradient: OperationRule {
  /// The extents of the pooling.
  public let shape: PoolShape
  /// The input's extents, `[N, C, H, W]`.
  public let images: Shape

  var name: String { "\(shape.kind.rawValue) pooling's gradient" }

  func type(of operands: [TensorType]) throws -> TensorType { TensorType(images) }
}

extension Tensor {
  /// The largest element under a moving window, channel by channel: `[N, C, H, W]` to `[N, C, OH, OW]`.
  ///
  /// - Parameters:
  ///   - size: the window's rows and columns.
  ///   - strides: rows and columns between neighbouring positions; the window's size by default.
  ///   - padding: rows and columns of nothing on each side; at most half the size.
  public func maxPool(
    size: [Int], strides: [Int]? = nil, padding: [Int] = [0, 0], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let window = Window(size: size, strides: strides ?? size, padding: padding)
    return apply(.pool(Pool(kind: .max, window: window)), at: SourceLocation(file: file, line: line))
  }

  /// The mean under a moving window, channel by channel: `[N, C, H, W]` to `[N, C, OH, OW]`.
  ///
  /// - Parameters:
  ///   - size: the window's rows and columns.
  ///   - strides: rows and columns between neighbouring positions; the window's size by default.
  ///   - padding: rows and columns of zeros on each side; at most half the size.
  ///   - countsPadding: whether the zeros count in the mean.
  public func averagePool(
    size: [Int], strides: [Int]? = nil, padding: [Int] = [0, 0], countsPadding: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let window = Window(size: size, strides: strides ?? size, padding: padding)
    let kind = countsPadding ? PoolShape.Kind.average : .averageWithoutPadding
    return apply(.pool(Pool(kind: kind, window: window)), at: SourceLocation(file: file, line: line))
  }
}
