import ApusGraph

/// The last axis with mean 0 and variance 1, then scaled and shifted by parameters.
///
/// Parameters: `weight` (ones) and `bias` (zeros), `[width]`, as in `torch.nn.LayerNorm`.
///
/// Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, arXiv:1607.06450.
public final class LayerNorm: ParameterOwner {
  /// The extent of the last axis.
  public let width: Int
  /// Added to the variance.
  public let epsilon: Double
  /// Whether there is a `bias`.
  public let hasBias: Bool
  private let location: (file: StaticString, line: UInt)

  /// A layer over `[…, width]`.
  public init(
    _ width: Int, epsilon: Double = 1e-5, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.width = width
    self.epsilon = epsilon
    hasBias = bias
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard x.shape.rank >= 1, x.shape[-1] == width else {
      x.graph.report("layer norm of width \(width) does not fit \(x.shape)", at: SourceLocation(file: file, line: line))
      return x
    }
    let weight = parameter("weight", [width], .constant(1), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line)
    let bias =
      hasBias
      ? parameter("bias", [width], .constant(0), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line) : nil
    return x.standardized(over: [-1], epsilon: epsilon, weight: weight, bias: bias, file: file, line: line).standardized
  }
}

/// The last axis divided by the root of its mean square, then scaled by a parameter.
///
/// Parameter: `weight` (ones) `[width]`, as in `torch.nn.RMSNorm`.
///
/// Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, arXiv:1910.07467.
public final class RMSNorm: ParameterOwner {
  /// The extent of the last axis.
  public let width: Int
  /// Added to the mean square.
  public let epsilon: Double
  private let location: (file: StaticString, line: UInt)

  /// A layer over `[…, width]`.
  public init(_ width: Int, epsilon: Double = 1e-5, file: StaticString = #fileID, line: UInt = #line) {
    self.width = width
    self.epsilon = epsilon
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard x.shape.rank >= 1, x.shape[-1] == width else {
      x.graph.report("RMS norm of width \(width) does not fit \(x.shape)", at: SourceLocation(file: file, line: line))
      return x
    }
    let weight = parameter("weight", [width], .constant(1), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line)
    return x.standardized(over: [-1], epsilon: epsilon, centering: false, weight: weight, file: file, line: line)
      .standardized
  }
}

/// Each group of channels of each sample with mean 0 and variance 1, then each channel scaled and shifted by parameters.
///
/// Parameters: `weight` (ones) and `bias` (zeros), `[channels]`, as in `torch.nn.GroupNorm`.
///
/// Source: Wu and He, "Group Normalization", 2018, arXiv:1803.08494.
public final class GroupNorm: ParameterOwner {
  /// The number of groups.
  public let groups: Int
  /// The extent of axis 1.
  public let channels: Int
  /// Added to the variance.
  public let epsilon: Double
  private let location: (file: StaticString, line: UInt)

  /// A layer over `[N, channels, …]`.
  public init(
    groups: Int, channels: Int, epsilon: Double = 1e-5, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard x.shape.rank >= 2, x.shape[1] == channels, groups >= 1, channels % groups == 0 else {
      x.graph.report(
        "group norm of \(channels) channels in \(groups) groups does not fit \(x.shape)",
        at: SourceLocation(file: file, line: line))
      return x
    }
    let column = Shape([channels] + [Int](repeating: 1, count: x.shape.rank - 2))
    let y = x.reshaped(to: [x.shape[0], groups, -1], file: file, line: line)
      .standardized(over: [-1], epsilon: epsilon, file: file, line: line).standardized
      .reshaped(to: x.shape, file: file, line: line)
    let weight = parameter("weight", [channels], .constant(1), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line)
    let bias = parameter("bias", [channels], .constant(0), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line)
    return y * weight.reshaped(to: column, file: file, line: line) + bias.reshaped(to: column, file: file, line: line)
  }
}
