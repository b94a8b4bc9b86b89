/// What a run trains on.
public enum TrainingData: Sendable {
  /// Labelled samples, for classifiers and autoencoders.
  case samples(Dataset)
  /// A text, for language models.
  case text(TextDataset)

  /// The name that the data goes by.
  public var name: String {
    switch self {
    case .samples(let dataset): dataset.name
    case .text(let text): text.name
    }
  }

  /// Loads data by its name in the catalogue, such as `mnist` or `text:FILE`.
  ///
  /// - Throws: `DataError` when there is no such data, or it cannot be read or fetched.
  public static func load(
    _ name: String, options: DatasetOptions = DatasetOptions()
  ) throws(DataError) -> TrainingData {
    try DatasetCatalogue.load(name, options: options)
  }
}

extension Dataset {
  /// Loads samples by their name in the catalogue, such as `mnist` or `csv:FILE`.
  ///
  /// - Throws: `DataError` when there is no such data set, it cannot be read or fetched, or it is a text.
  public static func load(_ name: String, options: DatasetOptions = DatasetOptions()) throws(DataError) -> Dataset {
    switch try TrainingData.load(name, options: options) {
    case .samples(let dataset): return dataset
    case .text: throw .textForSamples(name)
    }
  }
}

extension TextDataset {
  /// Loads a text by its name in the catalogue, such as `shakespeare` or `text:FILE`.
  ///
  /// - Throws: `DataError` when there is no such text, it cannot be read or fetched, or it is not a text.
  public static func load(
    _ name: String, options: DatasetOptions = DatasetOptions()
  ) throws(DataError) -> TextDataset {
    switch try TrainingData.load(name, options: options) {
    case .text(let text): return text
    case .samples: throw .samplesForText(name)
    }
  }
}
