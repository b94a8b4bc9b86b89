import ApusFormats
import ApusGraph
import ApusLayers
import ApusOptimizers

/// The layers of the model `stack` as a configuration file lists them, each a name or a name with settings:
///
/// ```yaml
/// layers:
///   - convolution: {channels: 32, size: 3, padding: 1}
///   - relu
///   - max-pool: 2
///   - flatten
///   - linear: 128
///   - dropout: 0.5
///   - linear: classes
/// ```
///
/// What a layer takes in is inferred from what comes out of the one before.
struct LayerList {
  private let layers: [JSONValue]
  private let initializer: Initializer

  init(_ layers: JSONValue?, initializer: Initializer) throws(TrainingError) {
    guard case .array(let layers)? = layers, !layers.isEmpty else {
      throw TrainingError("the model stack needs the key layers in a configuration file: a list of layers")
    }
    self.layers = layers
    self.initializer = initializer
  }

  /// The names of the layers.
  static let names: [String] =
    [
      "linear", "convolution", "transposed-convolution", "max-pool", "average-pool", "global-average-pool", "flatten",
      "batch-norm", "layer-norm", "rms-norm", "group-norm", "dropout", "channel-dropout", "softmax",
    ] + Activation.allCases.map(\.rawValue)

  /// The model for samples of a shape.
  ///
  /// - Throws: `TrainingError` that names the layer and the shapes that do not fit.
  func makeModel(sampleShape: [Int], classes: Int) throws(TrainingError) -> Sequential {
    var shape = Shape([1] + sampleShape)
    var modules: [any Module] = []
    for (position, description) in layers.enumerated() {
      let settings = try LayerSettings(description, position: position)
      let module = try make(settings, shape, classes)
      do throws(GraphError) {
        let trace = try Trace(module, isTraining: false) { module($0.input("x", shape)) }
        shape = trace.result.shape
      } catch {
        throw TrainingError(
          "\(settings.place): does not fit samples of shape \(shape.dimensions.dropFirst()): \(error.message)")
      }
      modules.append(module)
    }
    guard shape.dimensions == [1, classes] else {
      throw TrainingError(
        "the last of the layers gives samples of shape \(shape.dimensions.dropFirst()), but \(classes) classes need "
          + "[\(classes)]; end with linear: classes")
    }
    return Sequential(modules)
  }

  private func make(_ settings: LayerSettings, _ shape: Shape, _ classes: Int) throws(TrainingError) -> any Module {
    func channels() throws(TrainingError) -> Int {
      guard shape.rank == 4 else {
        throw TrainingError(
          "\(settings.place): needs images [channels, rows, columns], but what comes in has the shape "
            + "\(shape.dimensions.dropFirst())")
      }
      return shape[1]
    }
    let module: any Module
    switch settings.name {
    case "linear":
      let inputs = shape.dimensions.last ?? 1
      let outputs =
        settings.text("size") == "classes" ? classes : try settings.integer("size", atLeast: 1, isMain: true)
      module = Linear(inputs, outputs, bias: try settings.flag("bias", default: true), initializer: initializer)
    case "convolution":
      module = Convolution2D(
        try channels(), try settings.integer("channels", atLeast: 1, isMain: true),
        size: try settings.integer("size", atLeast: 1, default: 3),
        stride: try settings.integer("stride", atLeast: 1, default: 1),
        padding: settings.text("padding") == "same" ? nil : try settings.integer("padding", atLeast: 0, default: 0),
        dilation: try settings.integer("dilation", atLeast: 1, default: 1),
        groups: try settings.integer("groups", atLeast: 1, default: 1),
        bias: try settings.flag("bias", default: true), initializer: initializer)
    case "transposed-convolution":
      module = TransposedConvolution2D(
        try channels(), try settings.integer("channels", atLeast: 1, isMain: true),
        size: try settings.integer("size", atLeast: 1, default: 3),
        stride: try settings.integer("stride", atLeast: 1, default: 1),
        padding: try settings.integer("padding", atLeast: 0, default: 0),
        outputPadding: try settings.integer("output-padding", atLeast: 0, default: 0),
        bias: try settings.flag("bias", default: true), initializer: initializer)
    case "max-pool", "average-pool":
      _ = try channels()
      let size = try settings.integer("size", atLeast: 1, isMain: true)
      let stride = try settings.integer("stride", atLeast: 1, default: size)
      let padding = try settings.integer("padding", atLeast: 0, default: 0)
      module =
        settings.name == "max-pool"
        ? MaxPool2D(size, stride: stride, padding: padding) : AveragePool2D(size, stride: stride, padding: padding)
    case "global-average-pool":
      _ = try channels()
      module = GlobalAveragePool2D()
    case "flatten": module = Flatten()
    case "batch-norm": module = BatchNorm(shape.rank > 1 ? shape[1] : 1)
    case "layer-norm": module = LayerNorm(shape.dimensions.last ?? 1)
    case "rms-norm": module = RMSNorm(shape.dimensions.last ?? 1)
    case "group-norm":
      module = GroupNorm(groups: try settings.integer("groups", atLeast: 1, isMain: true), channels: try channels())
    case "dropout": module = Dropout(try settings.rate())
    case "channel-dropout": module = ChannelDropout(try settings.rate())
    case "softmax": module = Softmax()
    default:
      guard let activation = Activation(rawValue: settings.name) else {
        let nearest = nearestName(to: settings.name, in: Self.names).map { "did you mean '\($0)'?" }
        throw TrainingError(
          "\(settings.place): there is no such layer; \(nearest ?? "known: \(Self.names.joined(separator: ", "))")")
      }
      module = activation
    }
    try settings.checkAllRead()
    return module
  }
}
