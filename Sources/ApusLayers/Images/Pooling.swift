import ApusGraph

/// The largest element under a moving window, channel by channel.
public struct MaxPool2D: Module {
  /// The window's rows and columns.
  public let size: Int
  /// Rows and columns between neighbouring positions.
  public let stride: Int
  /// Rows and columns of nothing on each side.
  public let padding: Int

  /// A pooling of `[N, C, H, W]`; the stride is the size by default.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.maxPool(size: [size, size], strides: [stride, stride], padding: [padding, padding])
  }
}

/// The mean under a moving window, channel by channel; padding counts as zeros.
public struct AveragePool2D: Module {
  /// The window's rows and columns.
  public let size: Int
  /// Rows and columns between neighbouring positions.
  public let stride: Int
  /// Rows and columns of zeros on each side.
  public let padding: Int

  /// A pooling of `[N, C, H, W]`; the stride is the size by default.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.averagePool(size: [size, size], strides: [stride, stride], padding: [padding, padding])
  }
}

/// The mean of each channel: `[N, C, H, W]` to `[N, C]`.
public struct GlobalAveragePool2D: Module {
  /// The layer has no settings.
  public init() {}

  public func callAsFunction(_ x: Tensor) -> Tensor { x.mean(over: [-2, -1]) }
}
