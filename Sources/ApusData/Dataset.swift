/// Labelled samples to train on and others to validate on.
public struct Dataset: Sendable {
  /// The name that the data set goes by, such as `mnist`.
  public let name: String
  /// The samples to train on.
  public let training: Table
  /// The samples to validate on, which training never sees.
  public let validation: Table
  /// The classes' names; a label is an index into them.
  public let classNames: [String]
  /// How rows of a table in a file became features; nil for anything else.
  public let schema: CSVSchema?
  /// The words that the features count, by column; empty for anything but bags of words.
  public let words: [String]
  /// What the user should hear of, one line each, such as files that were left out.
  public let warnings: [String]
  private let moments: LazyMoments

  /// A data set of two splits that agree in their samples' shape.
  ///
  /// - Precondition: both splits have the same sample shape, kind of features, scale and shift, and labels lie
  ///   in `0 ..< classNames.count`.
  public init(
    name: String, training: Table, validation: Table, classNames: [String], schema: CSVSchema? = nil,
    words: [String] = [], warnings: [String] = []
  ) {
    precondition(training.sampleShape == validation.sampleShape && training.elementType == validation.elementType)
    precondition((training.features.block == nil) == (validation.features.block == nil))
    precondition(training.scale == validation.scale && training.shift == validation.shift)
    precondition(words.isEmpty || words.count == training.featureCount)
    self.name = name
    self.training = training
    self.validation = validation
    self.classNames = classNames
    self.schema = schema
    self.words = words
    self.warnings = warnings
    moments = LazyMoments(training)
  }

  /// The number of classes.
  public var classCount: Int { classNames.count }
  /// The dimensions of one sample.
  public var sampleShape: [Int] { training.sampleShape }

  /// The mean and deviation of each channel of the training pictures, as scale and shift leave them; nil where
  /// samples are not `[C, H, W]`.
  ///
  /// - Complexity: reads all training pictures the first time, on all cores; O(1) again.
  public var channelMoments: ChannelMoments? { moments.value }
}
