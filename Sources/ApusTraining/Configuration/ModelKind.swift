import ApusData
import ApusLayers

/// The networks that are known by name.
public enum ModelKind: String, Sendable, CaseIterable {
  case logistic, mlp, lenet, cnn
  case adamCNN = "adam-cnn"
  case resNet20 = "resnet20"
  case resNet34 = "resnet34"
  case vae, gpt
  case characterRNN = "char-rnn"
  case stack

  /// What it is, in a few words.
  public var summary: String {
    switch self {
    case .logistic: "logistic regression: one linear layer"
    case .mlp: "a multilayer perceptron"
    case .lenet: "LeNet-5: two 5×5 convolutions and three linear layers"
    case .cnn: "3×3 convolutions of 32 and 64 channels, pooling, a linear layer of 128"
    case .adamCNN: "the Adam paper's CIFAR-10 network: 5×5 convolutions of 64, 64, 128, a linear layer of 1000"
    case .resNet20: "ResNet-20 for small images: stages of 16, 32, 64 channels"
    case .resNet34: "ResNet-34 for small images: stages of 64, 128, 256, 512 channels"
    case .vae: "a variational autoencoder with one hidden layer on either side"
    case .gpt: "a GPT-2 style transformer over characters or bytes"
    case .characterRNN: "recurrent layers over characters or bytes"
    case .stack: "the layers that a configuration file lists"
    }
  }

  /// The configuration keys that it heeds.
  public var options: [String] {
    switch self {
    case .logistic: ["input-dropout", "initializer", "label-smoothing"]
    case .mlp: ["hidden", "activation", "dropout", "input-dropout", "initializer", "label-smoothing"]
    case .lenet, .resNet20, .resNet34: ["initializer", "label-smoothing"]
    case .cnn: ["dropout", "initializer", "label-smoothing"]
    case .adamCNN: ["dropout", "input-dropout", "initializer", "label-smoothing"]
    case .vae: ["hidden", "latents", "activation", "initializer"]
    case .gpt: ["depth", "heads", "width", "context", "tied", "bias", "dropout"]
    case .characterRNN: ["depth", "width", "context", "cell", "dropout"]
    case .stack: ["layers", "initializer", "label-smoothing"]
    }
  }

  /// The widths of the hidden layers where none are given.
  var defaultHidden: [Int]? {
    switch self {
    case .mlp: [200, 200]
    case .vae: [500]
    default: nil
    }
  }

  /// What follows each hidden layer where nothing is given.
  var defaultActivation: Activation? {
    switch self {
    case .mlp: .relu
    case .vae: .softplus
    default: nil
    }
  }

  /// The number of blocks or layers where none is given.
  var defaultDepth: Int? {
    switch self {
    case .gpt: 4
    case .characterRNN: 2
    default: nil
    }
  }

  /// Whether it learns from a text.
  public var isForText: Bool { self == .gpt || self == .characterRNN }

  /// The smallest rows and columns of images that it takes; nil for a model that takes samples of any shape.
  var smallestImage: Int? {
    switch self {
    case .lenet: 14
    case .cnn: 4
    case .adamCNN: 15
    case .resNet20, .resNet34: 8
    default: nil
    }
  }
}

extension RunConfiguration {
  /// What the configured model learns from samples of a kind.
  ///
  /// - Throws: `TrainingError` when the model is not for such samples.
  public func makeObjective(_ samples: SampleDescription) throws(TrainingError) -> any Objective {
    let hidden = hidden ?? model.defaultHidden ?? []
    let activation = activation ?? model.defaultActivation ?? .identity
    let depth = depth ?? model.defaultDepth ?? 1
    if let vocabulary = samples.vocabulary {
      switch model {
      case .gpt:
        guard width % heads == 0 else {
          throw TrainingError("width: \(width) is no multiple of heads: \(heads)")
        }
        let shape = GPT.Shape(
          vocabulary: vocabulary.count, context: context, layers: depth, heads: heads, width: width, bias: hasBias,
          tied: isTied)
        return LanguageModeling(GPT(shape, dropout: dropout))
      case .characterRNN:
        return LanguageModeling(
          CharacterRNN(
            vocabulary: vocabulary.count, width: width, layers: depth, cell: cell, dropout: dropout))
      default:
        throw TrainingError(
          "\(samples.dataset) is a text, which the model \(model.rawValue) does not take; use gpt or char-rnn")
      }
    }
    if model.isForText {
      throw TrainingError(
        "the model \(model.rawValue) learns from a text (text:FILE or shakespeare), not \(samples.dataset)")
    }
    if samples.isSparse, model != .logistic && model != .mlp {
      throw TrainingError(
        "\(samples.dataset) has sparse samples, which the model \(model.rawValue) does not take; use logistic or mlp")
    }
    let (shape, inputs, classes) = (samples.shape, samples.featureCount, samples.classNames.count)
    if let smallest = model.smallestImage,
      shape.count != 3 || shape.dropFirst().contains(where: { $0 < smallest })
    {
      throw TrainingError(
        "the model \(model.rawValue) takes images [channels, rows, columns] of at least \(smallest)×\(smallest), but the "
          + "samples of \(samples.dataset) have the shape \(shape)")
    }
    func classification(_ model: any Module) -> Classification { Classification(model, smoothing: labelSmoothing) }
    switch model {
    case .logistic:
      return classification(
        Perceptron(
          inputs: inputs, hidden: [], outputs: classes, inputDropout: inputDropout, initializer: initializer))
    case .mlp:
      return classification(
        Perceptron(
          inputs: inputs, hidden: hidden, outputs: classes, activation: activation,
          dropout: dropout, inputDropout: inputDropout, initializer: initializer))
    case .lenet:
      return classification(ConvolutionalClassifier.leNet(image: shape, classes: classes, initializer: initializer))
    case .cnn:
      return classification(
        ConvolutionalClassifier.small(image: shape, classes: classes, dropout: dropout, initializer: initializer))
    case .adamCNN:
      return classification(
        ConvolutionalClassifier.adam(
          image: shape, classes: classes, inputDropout: inputDropout, dropout: dropout, initializer: initializer))
    case .resNet20:
      return classification(
        ResidualNetwork.resNet20(channels: shape[0], classes: classes, initializer: initializer))
    case .resNet34:
      return classification(
        ResidualNetwork.resNet34(channels: shape[0], classes: classes, initializer: initializer))
    case .vae:
      guard hidden.count == 1 else {
        throw TrainingError("hidden: the model vae has one hidden layer on either side, such as 500, not \(hidden)")
      }
      return Autoencoding(
        VariationalAutoencoder(
          inputs: inputs, hidden: hidden[0], latents: latents, activation: activation,
          initializer: initializer))
    case .stack:
      return classification(
        try LayerList(layers, initializer: initializer).makeModel(sampleShape: shape, classes: classes))
    case .gpt, .characterRNN:
      throw TrainingError("the model \(model.rawValue) learns from a text")
    }
  }
}
