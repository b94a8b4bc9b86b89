/// The extents of a convolution, whichever of its three products is computed.
public struct ConvolutionShape: Hashable, Sendable {
  /// The number of images.
  public let images: Int
  /// The channels of the input, over all groups.
  public let channels: Int
  /// The channels of the output, over all groups.
  public let features: Int
  /// Channels and features are cut into this many groups; each feature sums over its own group's channels.
  public let groups: Int
  /// The rows and columns of an input image.
  public let input: [Int]
  /// The rows and columns of an output image.
  public let output: [Int]
  /// The kernel's extents and how it moves.
  public let window: Window

  /// `[N, C, H, W]`.
  public var inputShape: Shape { Shape([images, channels] + input) }
  /// `[N, O, OH, OW]`.
  public var outputShape: Shape { Shape([images, features] + output) }
  /// `[O, C / groups, KH, KW]`.
  public var weightShape: Shape { Shape([features, channels / groups] + window.size) }

  /// The multiplications and additions of any of the three products.
  public var operationCount: Int { 2 * outputShape.count * channels / groups * window.size[0] * window.size[1] }

  /// The extents for an input and weights, or a violation that names both.
  init(input: TensorType, weights: TensorType, window: Window, groups: Int) throws {
    let (x, w) = (input.shape, weights.shape)
    guard input.elementType == .float32, weights.elementType == .float32, x.rank == 4, w.rank == 4 else {
      throw RuleViolation("needs float images [N, C, H, W] and weights [O, C, KH, KW], not \(input) and \(weights)")
    }
    guard groups >= 1, w[0] % groups == 0, x[1] == w[1] * groups else {
      throw RuleViolation(
        "images \(x) of \(x[1]) channels do not fit weights \(w) for \(w[1] * groups) channels in \(groups) groups")
    }
    try window.check(over: [x[2], x[3]])
    self.init(
      images: x[0], channels: x[1], features: w[0], groups: groups, input: [x[2], x[3]],
      output: (0..<2).map { window.positions(over: x[2 + $0], axis: $0) }, window: window)
  }

  /// Extents that are known to fit.
  public init(
    images: Int, channels: Int, features: Int, groups: Int, input: [Int], output: [Int], window: Window
  ) {
    self.images = images
    self.channels = channels
    self.features = features
    self.groups = groups
    self.input = input
    self.output = output
    self.window = window
  }
}

/// A cross-correlation over images, as networks call a convolution. Operands: input `[N, C, H, W]`, weights
/// `[O, C / groups, KH, KW]`.
public struct Convolution: OperationRule {
  /// The kernel's size and movement.
  public let window: Window
  /// The number of groups.
  public let groups: Int

  var name: String { "convolution" }

  func type(of operands: [TensorType]) throws -> TensorType {
    TensorType(try shape(operands).outputShape)
  }

  /// The extents for operands that fit.
  public func shape(_ operands: [TensorType]) throws -> ConvolutionShape {
    try ConvolutionShape(input: operands[0], weights: operands[1], window: window, groups: groups)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    let (x, w, g) = (context.operands[0], context.operands[1], context.gradient)
    guard let shape = try? shape([x.type, w.type]) else { return [nil, nil] }
    return [
      context.isNeeded[0] ? convolutionInputGradient(g, w, shape, at: context.location) : nil,
      context.isNeeded[1] ? convolutionWeightGradient(x, g, shape, at: context.location) : nil,
    ]
  }
}

/// What reaches the input of a convolution: a transposed convolution. Operands: the output's gradient
/// `[N, O, OH, OW]`, weights `[O, C / groups, KH, KW]`.
public struct ConvolutionInputGradient: OperationRule {
  /// The extents of the convolution whose input it is.
  public let shape: ConvolutionShape

  var name: String { "transposed convolution" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape == shape.outputShape, operands[1].shape == shape.weightShape else {
      throw RuleViolation(
        "needs images \(shape.outputShape) and weights \(shape.weightShape), not \(operands[0]) and \(operands[1])")
    }
    return TensorType(shape.inputShape)
  }

  // Linear in both operands, so its pullback is the convolution and its weights' gradient.
  func pullback(_ context: Pullback) -> [Tensor?] {
    let (y, w, g) = (context.operands[0], context.operands[1], context.gradient)
    return [
      context.isNeeded[0]
        ? g.apply(.convolution(Convolution(window: shape.window, groups: shape.groups)), w, at: context.location) : nil,
      context.isNeeded[1] ? convolutionWeightGradient(g, y, shape, at: context.location) : nil,
    ]
  }
}

/// What reaches the weights of a convolution. Operands: the input `[N, C, H, W]`, the output's gradient
/// `[N, O, OH, OW]`.
public struct ConvolutionWeightGradient: OperationRule {
  /// The extents of the convolution whose weights they are.
  public let shape: ConvolutionShape

  var name: String { "convolution's weight gradient" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].shape == shape.inputShape, operands[1].shape == shape.outputShape else {
      throw RuleViolation(
        "needs images \(shape.inputShape) and \(shape.outputShape), not \(operands[0]) and \(operands[1])")
    }
    return TensorType(shape.weightShape)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    let (x, y, g) = (context.operands[0], context.operands[1], context.gradient)
    return [
      context.isNeeded[0] ? convolutionInputGradient(y, g, shape, at: context.location) : nil,
      context.isNeeded[1]
        ? x.apply(.convolution(Convolution(window: shape.window, groups: shape.groups)), g, at: context.location) : nil,
    ]
  }
}

private func convolutionInputGradient(
  _ g: Tensor, _ w: Tensor, _ shape: ConvolutionShape, at location: SourceLocation
) -> Tensor {
  g.apply(.convolutionInputGradient(ConvolutionInputGradient(shape: shape)), w, at: location)
}

private func convolutionWeightGradient(
  _ x: Tensor, _ g: Tensor, _ shape: ConvolutionShape, at location: SourceLocation
) -> Tensor {
  x.apply(.convolutionWeightGradient(ConvolutionWeightGradient(shape: shape)), g, at: location)
}

/// The cross-correlation of images with weights.
///
/// - Parameters:
///   - x: `[N, C, H, W]`.
///   - weights: `[O, C / groups, KH, KW]`.
///   - strides: rows and columns between neighbouring positions.
///   - padding: zeros on each side of rows and columns.
///   - dilation: rows and columns between neighbouring elements of the kernel.
///   - groups: `C` for a depthwise convolution.
/// - Returns: `[N, O, OH, OW]` with `OH = (H + 2 padding − dilation (KH − 1) − 1) / stride + 1`.
public func convolution(
  _ x: Tensor, _ weights: Tensor, strides: [Int] = [1, 1], padding: [Int] = [0, 0], dilation: [Int] = [1, 1],
  groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let location = SourceLocation(file: file, line: line)
  guard weights.shape.rank == 4 else {
    x.graph.report("convolution: weights need the shape [O, C, KH, KW], not \(weights.shape)", at: location)
    return x
  }
  let window = Window(
    size: [weights.shape[2], weights.shape[3]], strides: strides, padding: padding, dilation: dilation)
  return x.apply(.convolution(Convolution(window: window, groups: groups)), weights, at: location)
}

/// The transposed convolution: what a convolution with these weights sends back to its input.
///
/// - Parameters:
///   - x: `[N, C, H, W]`.
///   - weights: `[C, O / groups, KH, KW]`.
///   - strides: rows and columns of the result between the footprints of neighbouring elements.
///   - padding: rows and columns cut off each side of the result.
///   - outputPadding: rows and columns added at the end of the result; below the stride.
///   - dilation: rows and columns between neighbouring elements of the kernel.
///   - groups: the number of groups.
/// - Returns: `[N, O, OH, OW]` with `OH = (H − 1) stride − 2 padding + dilation (KH − 1) + 1 + outputPadding`.
public func transposedConvolution(
  _ x: Tensor, _ weights: Tensor, strides: [Int] = [1, 1], padding: [Int] = [0, 0], outputPadding: [Int] = [0, 0],
  dilation: [Int] = [1, 1], groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let location = SourceLocation(file: file, line: line)
  let (images, kernel) = (x.shape, weights.shape)
  guard images.rank == 4, kernel.rank == 4, groups >= 1, images[1] == kernel[0], images[1] % groups == 0 else {
    x.graph.report(
      "transposed convolution: images [N, C, H, W] and weights [C, O / groups, KH, KW] are needed, not \(images) and "
        + "\(kernel) in \(groups) groups", at: location)
    return x
  }
  let window = Window(size: [kernel[2], kernel[3]], strides: strides, padding: padding, dilation: dilation)
  do { try window.checkNumbers() } catch {
    x.graph.report("transposed convolution: \(error.message)", at: location)
    return x
  }
  guard (0..<2).allSatisfy({ 0..<strides[$0] ~= outputPadding[$0] }) else {
    x.graph.report(
      "transposed convolution: an output padding of \(outputPadding) is not below the strides \(strides)", at: location)
    return x
  }
  let extents = (0..<2).map { window.extent(positions: images[2 + $0], extra: outputPadding[$0], axis: $0) }
  guard extents.allSatisfy({ $0 >= 1 }) else {
    x.graph.report(
      "transposed convolution: the window \(window) gives images of \(extents[0])×\(extents[1])", at: location)
    return x
  }
  let shape = ConvolutionShape(
    images: images[0], channels: kernel[1] * groups, features: images[1], groups: groups, input: extents,
    output: [images[2], images[3]], window: window)
  return x.apply(.convolutionInputGradient(ConvolutionInputGradient(shape: shape)), weights, at: location)
}
