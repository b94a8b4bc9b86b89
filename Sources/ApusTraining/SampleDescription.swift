import ApusData
import ApusFormats

/// What a trained model has to know of the samples that it was trained on.
public struct SampleDescription: Sendable, Hashable {
  /// The data set's name.
  public let dataset: String
  /// The dimensions of one sample.
  public let shape: [Int]
  /// The classes' names, by label.
  public let classNames: [String]
  /// What a stored feature is multiplied by.
  public let scale: Float
  /// What is added after that.
  public let shift: Float
  /// How the rows of a CSV file become features; nil for images.
  public let schema: CSVSchema?

  /// The description of a data set's samples.
  public init(_ dataset: Dataset) {
    self.dataset = dataset.name
    shape = dataset.sampleShape
    classNames = dataset.classNames
    scale = dataset.training.scale
    shift = dataset.training.shift
    schema = dataset.schema
  }

  /// The description as a checkpoint keeps it.
  var json: JSONValue {
    var object: JSONObject = [
      "dataset": .string(dataset), "shape": .array(shape.map(JSONValue.integer)),
      "classes": .array(classNames.map(JSONValue.string)), "scale": .number(scale), "shift": .number(shift),
    ]
    object["schema"] = schema?.json
    return .object(object)
  }

  /// The description that `json` gave; nil when it is not one.
  init?(json: JSONValue) {
    guard let members = json.object, let dataset = members["dataset"]?.string,
      let shape = members["shape"]?.array?.compactMap(\.integer), shape.allSatisfy({ $0 > 0 }), !shape.isEmpty,
      let classNames = members["classes"]?.array?.compactMap(\.string), !classNames.isEmpty,
      let scale = members["scale"]?.number, let shift = members["shift"]?.number
    else { return nil }
    self.dataset = dataset
    self.shape = shape
    self.classNames = classNames
    self.scale = Float(scale)
    self.shift = Float(shift)
    schema = members["schema"].flatMap { CSVSchema(json: $0) }
  }
}
