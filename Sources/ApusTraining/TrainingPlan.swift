import ApusCompiler
import ApusData
import ApusLayers
import ApusOptimizers

/// Everything that a training run is made of, apart from where its results go.
public struct TrainingPlan: Sendable {
  /// What is learned, and by what model.
  public var objective: any Objective
  /// What it is learned from.
  public var data: TrainingData
  /// What happens to images on the device between data and model.
  public var preparation = ImagePreparation()
  /// The length of a text's windows.
  public var context = 64
  /// Whether batches are streamed to the device; nil streams what is too large to stay there. Sparse samples and texts
  /// always stay.
  public var streamsData: Bool?
  /// The rule of the updates.
  public var optimizer: any Optimizer
  /// The learning rate's course.
  public var schedule: Schedule
  /// Samples per step.
  public var batchSize: Int
  /// The run's length in steps, which some schedules depend on.
  public var totalSteps: Int
  /// The key of every random number of the run.
  public var seed: UInt64
  /// Whether each epoch has an order of its own; otherwise the file's order, wrapping at the end.
  public var shuffles: Bool
  /// The gradients' largest global norm; nil for no clipping.
  public var clipping: GlobalNormClipping?
  /// The parameters that weight decay applies to.
  public var decayed = DecayedParameters.all
  /// What the training step's matrix products and convolutions are computed in; evaluations are in float32 always, so that they do not
  /// depend on the device.
  public var precision = Precision.float32

  /// A plan.
  public init(
    objective: any Objective, data: TrainingData, optimizer: any Optimizer, schedule: Schedule, batchSize: Int,
    totalSteps: Int, seed: UInt64 = 0, shuffles: Bool = true, clipping: GlobalNormClipping? = nil
  ) {
    self.objective = objective
    self.data = data
    self.optimizer = optimizer
    self.schedule = schedule
    self.batchSize = batchSize
    self.totalSteps = totalSteps
    self.seed = seed
    self.shuffles = shuffles
    self.clipping = clipping
  }

  /// A plan to classify the samples of a data set by a model that gives logits.
  public init(
    model: any Module, dataset: Dataset, optimizer: any Optimizer, schedule: Schedule, batchSize: Int,
    totalSteps: Int, seed: UInt64 = 0, shuffles: Bool = true, clipping: GlobalNormClipping? = nil
  ) {
    self.init(
      objective: Classification(model), data: .samples(dataset), optimizer: optimizer, schedule: schedule,
      batchSize: batchSize, totalSteps: totalSteps, seed: seed, shuffles: shuffles, clipping: clipping)
  }

  /// What the trained model has to know of its samples.
  public var samples: SampleDescription {
    switch data {
    case .samples(let dataset): SampleDescription(dataset, normalization: preparation.normalization)
    case .text(let text): SampleDescription(text, context: context)
    }
  }

  /// The order of the training samples in batches.
  ///
  /// A text's samples are windows: drawn at any position, or side by side where nothing is shuffled.
  public func batchOrder() throws(DataError) -> BatchOrder {
    switch data {
    case .samples(let dataset):
      return try BatchOrder(
        sampleCount: dataset.training.count, batchSize: batchSize, order: shuffles ? .shuffled(seed: seed) : .file)
    case .text(let text):
      let windows = TrainingPlan.windows(of: text.training, context)
      return shuffles
        ? try BatchOrder(
          sampleCount: text.training.count - context, batchSize: batchSize, order: .drawn(seed: seed),
          epochLength: windows)
        : try BatchOrder(sampleCount: windows, batchSize: batchSize, order: .file)
    }
  }

  /// What an index of the batch order is multiplied by: the distance between windows that lie side by side.
  var orderStride: Int {
    if case .text = data, !shuffles { context } else { 1 }
  }

  /// How many windows lie side by side in a sequence, each with a token behind it.
  static func windows(of tokens: [Int32], _ context: Int) -> Int { max(0, tokens.count - 1) / context }
}
