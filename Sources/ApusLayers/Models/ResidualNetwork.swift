import ApusGraph

/// Residual networks in their forms for small images: a 3×3 convolution, stages of basic blocks that each halve the
/// extents and double the channels, the mean over pixels, and a linear layer.
///
/// Parameters: `conv1`, `bn1`, `layer1.0.conv1`, `layer1.0.bn1`, `layer1.0.conv2`, `layer1.0.bn2`, …, `linear`; a
/// projection on a shortcut is `layer2.0.shortcut.0` and its norm `layer2.0.shortcut.1`.
///
/// Source: He et al., "Deep Residual Learning for Image Recognition", 2015, arXiv:1512.03385.
public struct ResidualNetwork: Module {
  /// What a block's input passes through where channels or extents change.
  public enum Shortcut: Sendable {
    /// Every other pixel, and new channels of zeros (the paper's option A): no parameters.
    case padding
    /// A 1×1 convolution and a batch norm (option B).
    case projection
  }

  let conv1: Convolution2D
  let bn1: BatchNorm
  let stages: [Sequential]
  let linear: Linear

  /// A network.
  ///
  /// - Parameters:
  ///   - channels: the channels of an image.
  ///   - classes: the number of logits.
  ///   - widths: each stage's channels.
  ///   - blocks: each stage's number of blocks.
  ///   - shortcut: what a block's input passes through where channels or extents change.
  ///   - initializer: how weights start.
  public init(
    channels: Int, classes: Int, widths: [Int], blocks: [Int], shortcut: Shortcut,
    initializer: Initializer = .kaimingNormal
  ) {
    let first = widths.first ?? classes
    conv1 = Convolution2D(channels, first, size: 3, padding: nil, bias: false, initializer: initializer)
    bn1 = BatchNorm(first)
    var input = first
    var stages: [Sequential] = []
    for (stage, (width, count)) in zip(widths, blocks).enumerated() {
      let layers = (0..<count).map { block -> ResidualBlock in
        defer { input = width }
        return ResidualBlock(
          input, width, stride: stage > 0 && block == 0 ? 2 : 1, shortcut: shortcut, initializer: initializer)
      }
      stages.append(Sequential(layers))
    }
    self.stages = stages
    linear = Linear(input, classes)
  }

  /// ResNet-20 for CIFAR-10: three stages of three blocks with 16, 32 and 64 channels (section 4.2 of the paper).
  public static func resNet20(channels: Int, classes: Int, initializer: Initializer = .kaimingNormal) -> Self {
    Self(
      channels: channels, classes: classes, widths: [16, 32, 64], blocks: [3, 3, 3], shortcut: .padding,
      initializer: initializer)
  }

  /// ResNet-34 without the first stage's downsampling: four stages of 3, 4, 6 and 3 blocks with 64, 128, 256 and 512
  /// channels, the form that Luo et al. trained on CIFAR-10.
  public static func resNet34(channels: Int, classes: Int, initializer: Initializer = .kaimingNormal) -> Self {
    Self(
      channels: channels, classes: classes, widths: [64, 128, 256, 512], blocks: [3, 4, 6, 3], shortcut: .projection,
      initializer: initializer)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let y = stages.reduce(relu(bn1(conv1(x)))) { $1($0) }
    return linear(y.mean(over: [2, 3]))
  }
}

extension ResidualNetwork: CustomReflectable {
  /// The parts under the names that PyTorch's implementations use.
  public var customMirror: Mirror {
    let named = stages.enumerated().map { (label: "layer\($0 + 1)", value: $1 as Any) }
    return Mirror(
      self,
      children: [("conv1", conv1 as Any), ("bn1", bn1)] + named.map { ($0.label, $0.value) } + [("linear", linear)])
  }
}

/// Two 3×3 convolutions with batch norms, added to what came in.
public struct ResidualBlock: Module {
  let conv1: Convolution2D
  let bn1: BatchNorm
  let conv2: Convolution2D
  let bn2: BatchNorm
  let shortcut: Sequential?
  private let inputs: Int
  private let outputs: Int
  private let stride: Int

  init(
    _ inputs: Int, _ outputs: Int, stride: Int, shortcut: ResidualNetwork.Shortcut, initializer: Initializer
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.stride = stride
    conv1 = Convolution2D(
      inputs, outputs, size: 3, stride: stride, padding: 1, bias: false, initializer: initializer)
    bn1 = BatchNorm(outputs)
    conv2 = Convolution2D(outputs, outputs, size: 3, padding: 1, bias: false, initializer: initializer)
    bn2 = BatchNorm(outputs)
    let changes = stride != 1 || inputs != outputs
    self.shortcut =
      shortcut == .projection && changes
      ? Sequential(
        Convolution2D(inputs, outputs, size: 1, stride: stride, bias: false, initializer: initializer),
        BatchNorm(outputs))
      : nil
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    relu(bn2(conv2(relu(bn1(conv1(x))))) + passed(x))
  }

  private func passed(_ x: Tensor) -> Tensor {
    if let shortcut { return shortcut(x) }
    guard stride != 1 || inputs != outputs else { return x }
    let y = x.averagePool(size: [1, 1], strides: [stride, stride])
    let missing = outputs - inputs
    guard missing > 0 else { return y }
    func zeros(_ channels: Int) -> Tensor {
      x.graph.constant(0).broadcast(to: [y.shape[0], channels, y.shape[2], y.shape[3]])
    }
    let parts = [zeros(missing / 2), y, zeros(missing - missing / 2)].filter { $0.shape[1] > 0 }
    return concatenate(parts, axis: 1) ?? y
  }
}
