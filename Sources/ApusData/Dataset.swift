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
  /// How rows of a table in a file became features; nil for images.
  public let schema: CSVSchema?

  /// A data set of two splits that agree in their samples' shape.
  ///
  /// - Precondition: both splits have the same sample shape, element type, scale and shift, and labels lie
  ///   in `0 ..< classNames.count`.
  public init(name: String, training: Table, validation: Table, classNames: [String], schema: CSVSchema? = nil) {
    precondition(training.sampleShape == validation.sampleShape && training.elementType == validation.elementType)
    precondition((training.features.block == nil) == (validation.features.block == nil))
    precondition(training.scale == validation.scale && training.shift == validation.shift)
    self.name = name
    self.training = training
    self.validation = validation
    self.classNames = classNames
    self.schema = schema
  }

  /// The number of classes.
  public var classCount: Int { classNames.count }
  /// The dimensions of one sample.
  public var sampleShape: [Int] { training.sampleShape }
}
