import ApusGraph

/// Convolutions and then linear layers, as small image classifiers are built.
///
/// Parameters: `features.N.…` for the convolutional part and `classifier.N.…` for the linear one, numbered by position.
public struct ConvolutionalClassifier: Module {
  /// From images to images.
  public let features: Sequential
  /// From flattened images to logits.
  public let classifier: Sequential

  /// A classifier of two parts.
  public init(features: [any Module], classifier: [any Module]) {
    self.features = Sequential(features)
    self.classifier = Sequential([Flatten()] + classifier)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { classifier(features(x)) }
}

extension ConvolutionalClassifier {
  /// LeNet-5 with rectifiers and largest-element pooling: convolutions of 6 and 16 channels by 5×5, linear layers of 120
  /// and 84.
  ///
  /// - Parameters:
  ///   - image: channels, rows and columns; at least 14 rows and columns.
  ///   - classes: the number of logits.
  ///   - initializer: how weights start.
  ///
  /// Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998, doi:10.1109/5.726791.
  public static func leNet(image: [Int], classes: Int, initializer: Initializer = .standard) -> Self {
    let extents = image.dropFirst().map { ($0 / 2 - 4) / 2 }
    return Self(
      features: [
        Convolution2D(image[0], 6, size: 5, padding: 2, initializer: initializer), Activation.relu, MaxPool2D(2),
        Convolution2D(6, 16, size: 5, initializer: initializer), Activation.relu, MaxPool2D(2),
      ],
      classifier: [
        Linear(16 * extents.reduce(1, *), 120, initializer: initializer), Activation.relu,
        Linear(120, 84, initializer: initializer), Activation.relu, Linear(84, classes, initializer: initializer),
      ])
  }

  /// Two convolutions of 32 and 64 channels by 3×3, each with a rectifier and pooling by 2, then a hidden linear layer of
  /// 128: the small network of many tutorials.
  ///
  /// - Parameters:
  ///   - image: channels, rows and columns; at least 4 rows and columns.
  ///   - classes: the number of logits.
  ///   - dropout: the probability of dropping a unit of the hidden linear layer.
  ///   - initializer: how weights start.
  public static func small(
    image: [Int], classes: Int, dropout: Double = 0, initializer: Initializer = .standard
  ) -> Self {
    let extents = image.dropFirst().map { $0 / 4 }
    return Self(
      features: [
        Convolution2D(image[0], 32, size: 3, padding: nil, initializer: initializer), Activation.relu, MaxPool2D(2),
        Convolution2D(32, 64, size: 3, padding: nil, initializer: initializer), Activation.relu, MaxPool2D(2),
      ],
      classifier: [
        Linear(64 * extents.reduce(1, *), 128, initializer: initializer), Activation.relu, Dropout(dropout),
        Linear(128, classes, initializer: initializer),
      ])
  }

  /// The Adam paper's network for CIFAR-10: three stages of 5×5 convolutions (64, 64 and 128 channels) and 3×3 pooling with
  /// stride 2, a linear layer of 1000 rectified units, and dropout on the input and on that layer.
  ///
  /// - Parameters:
  ///   - image: channels, rows and columns; at least 15 rows and columns.
  ///   - classes: the number of logits.
  ///   - inputDropout: the probability of dropping an element of an image.
  ///   - dropout: the probability of dropping one of the 1000 units.
  ///   - initializer: how weights start.
  ///
  /// Source: Kingma and Ba, "Adam", 2015, arXiv:1412.6980, section 6.3.
  public static func adam(
    image: [Int], classes: Int, inputDropout: Double = 0, dropout: Double = 0, initializer: Initializer = .standard
  ) -> Self {
    var features: [any Module] = [Dropout(inputDropout)]
    var channels = image[0]
    var extents = Array(image.dropFirst())
    for width in [64, 64, 128] {
      features += [
        Convolution2D(channels, width, size: 5, padding: nil, initializer: initializer), Activation.relu,
        MaxPool2D(3, stride: 2),
      ]
      channels = width
      extents = extents.map { ($0 - 3) / 2 + 1 }
    }
    return Self(
      features: features,
      classifier: [
        Linear(128 * extents.reduce(1, *), 1000, initializer: initializer), Activation.relu, Dropout(dropout),
        Linear(1000, classes, initializer: initializer),
      ])
  }
}
