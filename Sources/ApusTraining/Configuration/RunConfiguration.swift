import ApusCompiler
import ApusData
import ApusFormats
import ApusLayers
import ApusOptimizers

/// Everything that decides what a run computes and how it reports: each option of `apus train` and each key of
/// `config.yaml` is one property here and one row in `RunConfiguration.keys`.
public struct RunConfiguration: Sendable, Hashable {
  /// A data set's name, such as `mnist` or `csv:FILE`.
  public var dataset = "digits"
  /// The folder with data sets' files; nil for `APUS_DATA_DIR`, then the cache.
  public var dataFolder: String?
  /// How a CSV file is read.
  public var csv = CSVOptions()
  /// How a folder of pictures is read.
  public var images = ImageOptions()
  /// How film reviews become bags of words.
  public var reviews = ReviewOptions()
  /// How a text becomes tokens.
  public var text = TextOptions()
  /// The network's name.
  public var model = ModelKind.mlp
  /// The widths of the hidden layers; nil for the model's default.
  public var hidden: [Int]?
  /// What follows each hidden layer; nil for the model's default.
  public var activation: Activation?
  /// The probability of dropping a hidden unit in training.
  public var dropout = 0.0
  /// The probability of dropping an element of a sample in training.
  public var inputDropout = 0.0
  /// The part of each label that is spread over all classes in training.
  public var labelSmoothing = 0.0
  /// The number of latent variables of an autoencoder.
  public var latents = 50
  /// The number of blocks or recurrent layers; nil for the model's default.
  public var depth: Int?
  /// The number of heads of each attention.
  public var heads = 4
  /// The length of a language model's vectors.
  public var width = 128
  /// The length of a text's windows.
  public var context = 64
  /// The kind of recurrent layers.
  public var cell = CharacterRNN.Cell.lstm
  /// Whether a transformer's output layer shares the embedding's weights.
  public var isTied = true
  /// Whether a transformer's layers have biases.
  public var hasBias = false
  /// The layers of the model `stack`, as a configuration file lists them.
  public var layers: JSONValue?
  /// Whether batches are streamed to the device; nil streams what is too large to stay there.
  public var streamsData: Bool?
  /// Whether images are normalized by the data set's mean and deviation; nil for those in colour.
  public var normalizes: Bool?
  /// How training images are changed at random.
  public var augmentation = ImagePreparation()
  /// How weights start.
  public var initializer = Initializer.standard
  /// The update rule.
  public var optimizer = OptimizerKind.adam
  /// Hyperparameters by name, as text; the rest at their defaults.
  public var hyperparameters: [String: String] = [:]
  /// The learning rate; nil for the optimizer's default.
  public var learningRate: Double?
  /// The learning rate's course, in text form.
  public var schedule = "constant"
  /// The gradients' largest global norm; nil for no clipping.
  public var clipNorm: Double?
  /// The parameters that weight decay applies to.
  public var decayed = DecayedParameters.all
  /// Samples per step.
  public var batchSize = 100
  /// The run's length in epochs, when `steps` is nil.
  public var epochs = 5
  /// The run's length in steps.
  public var steps: Int?
  /// `auto`, `cpu`, `opencl`, `opencl:INDEX` or `opencl:NAME`.
  public var device = "auto"
  /// What the training step's matrix products and convolutions are computed in.
  public var precision = Precision.float32
  /// The key of every random number.
  public var seed: UInt64 = 0
  /// Whether each epoch has an order of its own.
  public var shuffles = true
  /// A file of parameters to start from.
  public var initialParameters: String?
  /// How many steps lie between two training lines.
  public var logInterval = 1
  /// How many steps lie between two evaluations; nil for an epoch.
  public var evaluationInterval: Int?

  /// The defaults.
  public init() {}
}

extension RunConfiguration {
  /// The optimizer with its hyperparameters.
  public func makeOptimizer() throws(TrainingError) -> any Optimizer {
    try TrainingError.wrapping { try optimizer.make(hyperparameters) }
  }

  /// The learning rate's course.
  public func makeSchedule() throws(TrainingError) -> Schedule {
    try TrainingError.wrapping {
      try Schedule(parsing: schedule, learningRate: learningRate ?? optimizer.type.defaultLearningRate)
    }
  }

  /// Loads the data, samples or a text.
  ///
  /// - Parameter downloader: fetches what is nowhere here.
  public func loadData(downloader: Downloader = Downloader()) throws(TrainingError) -> TrainingData {
    try TrainingError.wrapping { try TrainingData.load(dataset, options: datasetOptions(downloader)) }
  }

  private func datasetOptions(_ downloader: Downloader) -> DatasetOptions {
    var options = DatasetOptions()
    options.dataFolder = dataFolder
    options.csv = csv
    options.csv.seed = seed
    options.images = images
    options.images.seed = seed
    options.reviews = reviews
    options.text = text
    options.downloader = downloader
    return options
  }

  /// The whole plan for data that has been loaded.
  public func makePlan(_ data: TrainingData) throws(TrainingError) -> TrainingPlan {
    let clipping = try clipNorm.map { norm throws(TrainingError) in
      try TrainingError.wrapping { try GlobalNormClipping(maximumNorm: norm) }
    }
    var preparation = augmentation
    if case .samples(let dataset) = data { preparation.normalization = normalization(of: dataset) }
    let samples: SampleDescription =
      switch data {
      case .samples(let dataset): SampleDescription(dataset, normalization: preparation.normalization)
      case .text(let text): SampleDescription(text, context: context)
      }
    if case .samples(let dataset) = data, batchSize > dataset.training.count {
      throw TrainingError(
        "batch-size: \(batchSize) is more than the \(dataset.training.count) training samples of \(dataset.name)")
    }
    try preparation.checkAugmentation(of: samples)
    var plan = TrainingPlan(
      objective: try makeObjective(samples), data: data, optimizer: try makeOptimizer(), schedule: try makeSchedule(),
      batchSize: batchSize, totalSteps: 1, seed: seed, shuffles: shuffles, clipping: clipping)
    plan.preparation = preparation
    plan.context = context
    plan.decayed = decayed
    plan.precision = precision
    plan.streamsData = streamsData
    if case .text(let text) = data, text.training.count <= context {
      throw TrainingError(
        "context: \(context) is more than the \(text.training.count) training tokens of \(text.name) allow")
    }
    let order = try TrainingError.wrapping { try plan.batchOrder() }
    plan.totalSteps = steps ?? order.steps(forEpochs: epochs)
    guard plan.totalSteps <= Self.largestStep else {
      throw TrainingError(
        "epochs: \(epochs) epochs are \(plan.totalSteps) steps, but a run has at most \(Self.largestStep)")
    }
    return plan
  }

  /// What images are normalized by.
  private func normalization(of dataset: Dataset) -> ImagePreparation.Normalization? {
    guard dataset.sampleShape.count == 3, dataset.training.features.block != nil,
      normalizes ?? (dataset.sampleShape[0] == 3), let moments = dataset.channelMoments
    else { return nil }
    return .init(mean: moments.means.map { Float($0) }, deviation: moments.deviations.map { Float(max($0, 1e-6)) })
  }

  /// The configuration with every default that depends on another setting filled in, as `config.yaml` has it.
  public func resolved() throws(TrainingError) -> RunConfiguration {
    var copy = self
    copy.learningRate = try makeSchedule().learningRate
    copy.schedule = try makeSchedule().description
    copy.hidden = hidden ?? model.defaultHidden
    copy.activation = activation ?? model.defaultActivation
    copy.depth = depth ?? model.defaultDepth
    copy.hyperparameters = [:]
    for (name, value) in try makeOptimizer().settings { copy.hyperparameters[name] = value.description }
    return copy
  }
}
