import ApusData
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
  /// The widths of the hidden layers.
  public var hidden = [200, 200]
  /// What follows each hidden layer.
  public var activation = Activation.relu
  /// The probability of dropping a hidden unit in training.
  public var dropout = 0.0
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
  /// Samples per step.
  public var batchSize = 100
  /// The run's length in epochs, when `steps` is nil.
  public var epochs = 5
  /// The run's length in steps.
  public var steps: Int?
  /// `auto`, `cpu`, `opencl`, `opencl:INDEX` or `opencl:NAME`.
  public var device = "auto"
  /// The key of every random number.
  public var seed: UInt64 = 0
  /// Whether each epoch has an order of its own.
  public var shuffles = true
  /// A file of parameters to start from.
  public var initialParameters: String?
  /// How many steps lie between two training lines.
  public var logInterval = 1

  /// The defaults.
  public init() {}
}

/// The networks that are known by name.
public enum ModelKind: String, Sendable, CaseIterable {
  /// Logistic regression: one linear layer.
  case logistic
  /// A multilayer perceptron.
  case mlp
}

extension RunConfiguration {
  /// The network for samples of a shape.
  public func makeModel(sampleShape: [Int], classCount: Int) -> any Module {
    let inputs = sampleShape.reduce(1, *)
    switch model {
    case .logistic:
      return Perceptron(inputs: inputs, hidden: [], outputs: classCount, initializer: initializer)
    case .mlp:
      return Perceptron(
        inputs: inputs, hidden: hidden, outputs: classCount, activation: activation, dropout: dropout,
        initializer: initializer)
    }
  }

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

  /// Loads the data set, which must be one of labelled samples.
  ///
  /// - Parameter downloader: fetches what is nowhere here.
  public func loadDataset(downloader: Downloader = Downloader()) throws(TrainingError) -> Dataset {
    try TrainingError.wrapping { try Dataset.load(dataset, options: datasetOptions(downloader)) }
  }

  /// Loads the data set, samples or a text.
  ///
  /// - Parameter downloader: fetches what is nowhere here.
  public func loadTrainingData(downloader: Downloader = Downloader()) throws(TrainingError) -> TrainingData {
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

  /// The whole plan for a data set that has been loaded.
  public func makePlan(_ dataset: Dataset) throws(TrainingError) -> TrainingPlan {
    guard batchSize <= dataset.training.count else {
      throw TrainingError(
        "batch-size: \(batchSize) is more than the \(dataset.training.count) training samples of \(dataset.name)")
    }
    let clipping = try clipNorm.map { norm throws(TrainingError) in
      try TrainingError.wrapping { try GlobalNormClipping(maximumNorm: norm) }
    }
    let order = try TrainingError.wrapping {
      try BatchOrder(sampleCount: dataset.training.count, batchSize: batchSize, order: .file)
    }
    return TrainingPlan(
      model: makeModel(sampleShape: dataset.sampleShape, classCount: dataset.classCount), dataset: dataset,
      optimizer: try makeOptimizer(), schedule: try makeSchedule(), batchSize: batchSize,
      totalSteps: steps ?? order.steps(forEpochs: epochs), seed: seed, shuffles: shuffles, clipping: clipping)
  }

  /// The configuration with every default that depends on another setting filled in, as `config.yaml` has it.
  public func resolved() throws(TrainingError) -> RunConfiguration {
    var copy = self
    copy.learningRate = try makeSchedule().learningRate
    copy.schedule = try makeSchedule().description
    copy.hyperparameters = [:]
    for (name, value) in try makeOptimizer().settings { copy.hyperparameters[name] = value.description }
    return copy
  }
}
