import ApusData
import ApusFormats

/// What a trained model has to know of the samples that it was trained on.
public struct SampleDescription: Sendable, Hashable {
  /// The data set's name.
  public let dataset: String
  /// The dimensions of one sample; for a text, the length of a window.
  public let shape: [Int]
  /// The classes' names, by label; empty for a text.
  public let classNames: [String]
  /// What a stored feature is multiplied by.
  public let scale: Float
  /// What is added after that.
  public let shift: Float
  /// How the rows of a CSV file become features; nil for images.
  public let schema: CSVSchema?
  /// Whether samples are sparse.
  public let isSparse: Bool
  /// The channels' means and deviations that images are normalized by; nil where they are not.
  public let normalization: ImagePreparation.Normalization?
  /// What a text's tokens stand for; nil for samples that are no text.
  public let vocabulary: Vocabulary?

  /// The description of a data set's samples.
  public init(_ dataset: Dataset, normalization: ImagePreparation.Normalization? = nil) {
    self.dataset = dataset.name
    shape = dataset.sampleShape
    classNames = dataset.classNames
    scale = dataset.training.scale
    shift = dataset.training.shift
    schema = dataset.schema
    isSparse = dataset.training.features.sparseRows != nil
    self.normalization = normalization
    vocabulary = nil
  }

  /// The description of dense samples that are no data set's.
  init(shape: [Int], classCount: Int) {
    dataset = "samples"
    self.shape = shape
    classNames = (0..<classCount).map { "\($0)" }
    scale = 1
    shift = 0
    schema = nil
    isSparse = false
    normalization = nil
    vocabulary = nil
  }

  /// The description of a text that is cut into windows.
  public init(_ text: TextDataset, context: Int) {
    dataset = text.name
    shape = [context]
    classNames = []
    scale = 1
    shift = 0
    schema = nil
    isSparse = false
    normalization = nil
    vocabulary = text.vocabulary
  }

  /// The description as a checkpoint keeps it.
  var json: JSONValue {
    var object: JSONObject = [
      "dataset": .string(dataset), "shape": .array(shape.map(JSONValue.integer)),
      "classes": .array(classNames.map(JSONValue.string)), "scale": .number(scale), "shift": .number(shift),
    ]
    object["schema"] = schema?.json
    if isSparse { object["sparse"] = true }
    if let normalization {
      object["mean"] = .array(normalization.mean.map { .number($0) })
      object["deviation"] = .array(normalization.deviation.map { .number($0) })
    }
    object["vocabulary"] = vocabulary?.json
    return .object(object)
  }

  /// The description that `json` gave; nil when it is not one.
  init?(json: JSONValue) {
    guard let members = json.object, let dataset = members["dataset"]?.string,
      let shape = members["shape"]?.array?.compactMap(\.integer), shape.allSatisfy({ $0 > 0 }), !shape.isEmpty,
      let classNames = members["classes"]?.array?.compactMap(\.string),
      let scale = members["scale"]?.number, let shift = members["shift"]?.number
    else { return nil }
    self.dataset = dataset
    self.shape = shape
    self.classNames = classNames
    self.scale = Float(scale)
    self.shift = Float(shift)
    schema = members["schema"].flatMap { CSVSchema(json: $0) }
    isSparse = members["sparse"] == .bool(true)
    vocabulary = members["vocabulary"].flatMap { Vocabulary(json: $0) }
    guard !classNames.isEmpty || vocabulary != nil else { return nil }
    if let mean = members["mean"]?.array?.compactMap(\.number),
      let deviation = members["deviation"]?.array?.compactMap(\.number), mean.count == deviation.count
    {
      normalization = .init(mean: mean.map { Float($0) }, deviation: deviation.map { Float($0) })
    } else {
      normalization = nil
    }
  }
}
