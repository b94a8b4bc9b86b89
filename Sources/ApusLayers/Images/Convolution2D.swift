import ApusGraph

/// A convolution over the last two axes of `[N, C, H, W]`.
///
/// Parameters: `weight` `[outputs, inputs / groups, KH, KW]` and `bias` `[outputs]`, both uniform in
/// ±1/√(inputs / groups · KH · KW) by default, as `torch.nn.Conv2d` starts them.
public final class Convolution2D: ParameterOwner {
  /// The channels of the input.
  public let inputs: Int
  /// The channels of the result.
  public let outputs: Int
  /// The kernel's rows and columns and how it moves.
  public let window: Window
  /// The number of groups; `inputs` for a depthwise convolution.
  public let groups: Int
  /// Whether a bias is added.
  public let hasBias: Bool
  /// How the parameters start.
  public let initializer: Initializer
  private let location: (file: StaticString, line: UInt)

  /// A layer from `[N, inputs, H, W]` to `[N, outputs, OH, OW]`.
  ///
  /// - Parameters:
  ///   - inputs: the channels of the input.
  ///   - outputs: the channels of the result.
  ///   - size: the kernel's rows and columns.
  ///   - stride: rows and columns between neighbouring positions.
  ///   - padding: zeros on each side; nil keeps the extents at stride 1, for kernels of odd size.
  ///   - dilation: rows and columns between neighbouring elements of the kernel.
  ///   - groups: the number of groups.
  ///   - bias: whether a bias is added.
  ///   - initializer: how the parameters start.
  public init(
    _ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1, padding: Int? = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true, initializer: Initializer = .standard, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.inputs = inputs
    self.outputs = outputs
    let padding = padding ?? dilation * (size - 1) / 2
    window = Window(
      size: [size, size], strides: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation])
    self.groups = groups
    hasBias = bias
    self.initializer = initializer
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard groups >= 1, inputs % groups == 0, outputs % groups == 0 else {
      x.graph.report(
        "\(inputs) and \(outputs) channels cannot be cut into \(groups) groups",
        at: SourceLocation(file: file, line: line))
      return x
    }
    let area = window.size[0] * window.size[1]
    let (fanIn, fanOut) = (inputs / groups * area, outputs / groups * area)
    let weight = parameter(
      "weight", Shape([outputs, inputs / groups] + window.size), initializer, fanIn: fanIn, fanOut: fanOut, in: x.graph,
      file: file, line: line)
    let y = convolution(
      x, weight, strides: window.strides, padding: window.padding, dilation: window.dilation, groups: groups,
      file: file, line: line)
    guard hasBias else { return y }
    let bias = parameter(
      "bias", [outputs], initializer.forBias, fanIn: fanIn, fanOut: fanOut, in: x.graph, file: file, line: line)
    return y + bias.reshaped(to: [outputs, 1, 1], file: file, line: line)
  }
}

/// A transposed convolution over the last two axes of `[N, C, H, W]`, which undoes a convolution's change of extents.
///
/// Parameters: `weight` `[inputs, outputs / groups, KH, KW]` and `bias` `[outputs]`, both uniform in
/// ±1/√(outputs / groups · KH · KW) by default, as `torch.nn.ConvTranspose2d` starts them.
public final class TransposedConvolution2D: ParameterOwner {
  /// The channels of the input.
  public let inputs: Int
  /// The channels of the result.
  public let outputs: Int
  /// The kernel's rows and columns and how it moves over the result.
  public let window: Window
  /// Rows and columns added at the end of the result.
  public let outputPadding: Int
  /// The number of groups.
  public let groups: Int
  /// Whether a bias is added.
  public let hasBias: Bool
  /// How the parameters start.
  public let initializer: Initializer
  private let location: (file: StaticString, line: UInt)

  /// A layer from `[N, inputs, H, W]` to `[N, outputs, OH, OW]`; see `transposedConvolution` for the extents.
  public init(
    _ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.inputs = inputs
    self.outputs = outputs
    window = Window(
      size: [size, size], strides: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation])
    self.outputPadding = outputPadding
    self.groups = groups
    hasBias = bias
    self.initializer = initializer
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard groups >= 1, inputs % groups == 0, outputs % groups == 0 else {
      x.graph.report(
        "\(inputs) and \(outputs) channels cannot be cut into \(groups) groups",
        at: SourceLocation(file: file, line: line))
      return x
    }
    let area = window.size[0] * window.size[1]
    let (fanIn, fanOut) = (outputs / groups * area, inputs / groups * area)
    let weight = parameter(
      "weight", Shape([inputs, outputs / groups] + window.size), initializer, fanIn: fanIn, fanOut: fanOut, in: x.graph,
      file: file, line: line)
    let y = transposedConvolution(
      x, weight, strides: window.strides, padding: window.padding, outputPadding: [outputPadding, outputPadding],
      dilation: window.dilation, groups: groups, file: file, line: line)
    guard hasBias else { return y }
    let bias = parameter(
      "bias", [outputs], initializer.forBias, fanIn: fanIn, fanOut: fanOut, in: x.graph, file: file, line: line)
    return y + bias.reshaped(to: [outputs, 1, 1], file: file, line: line)
  }
}
