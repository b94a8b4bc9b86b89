import ApusFormats

/// How the rows of a CSV file become features: what has to be kept to predict on further rows.
public struct CSVSchema: Hashable, Sendable {
  /// Shifts and scales one feature to mean 0 and deviation 1.
  public struct Standardization: Hashable, Sendable {
    /// The mean over the training rows.
    public let mean: Double
    /// The deviation over the training rows (of the population); 1 where the feature is constant.
    public let deviation: Double

    func callAsFunction(_ value: Double) -> Float { Float((value - mean) / deviation) }
  }

  /// The names of the features, in order.
  public let featureNames: [String]
  /// The name of the column of labels.
  public let labelName: String
  /// Its place among all columns.
  public let labelIndex: Int
  /// The classes, sorted: by value where all are numbers, else as text.
  public let classNames: [String]
  /// The separator between fields.
  public let separator: Character
  /// One entry per feature, or none.
  public let standardization: [Standardization]

  /// The schema as JSON, to be kept in a checkpoint.
  public var json: JSONValue {
    .object([
      "features": .array(featureNames.map(JSONValue.string)), "label": .string(labelName),
      "label_index": .integer(labelIndex), "classes": .array(classNames.map(JSONValue.string)),
      "separator": .string(String(separator)), "means": .array(standardization.map { .number($0.mean) }),
      "deviations": .array(standardization.map { .number($0.deviation) }),
    ])
  }

  /// The schema that `json` gave; nil when `json` is not one.
  public init?(json: JSONValue) {
    guard let members = json.object, let features = members["features"]?.array?.compactMap(\.string),
      let label = members["label"]?.string, let index = members["label_index"]?.integer,
      let classes = members["classes"]?.array?.compactMap(\.string),
      let separator = members["separator"]?.string, separator.utf8.count == 1,
      let means = members["means"]?.array?.compactMap(\.number),
      let deviations = members["deviations"]?.array?.compactMap(\.number), means.count == deviations.count,
      means.isEmpty || means.count == features.count, !features.isEmpty, 0...features.count ~= index
    else { return nil }
    self.init(
      featureNames: features, labelName: label, labelIndex: index, classNames: classes,
      separator: Character(separator), standardization: zip(means, deviations).map(Standardization.init))
  }

  init(
    featureNames: [String], labelName: String, labelIndex: Int, classNames: [String], separator: Character,
    standardization: [Standardization]
  ) {
    self.featureNames = featureNames
    self.labelName = labelName
    self.labelIndex = labelIndex
    self.classNames = classNames
    self.separator = separator
    self.standardization = standardization
  }

  /// A table of rows whose features are standardised as this schema says.
  func table(rows: [Int], of values: [Double], labels: [Int32]) -> Table {
    let width = featureNames.count
    let features = ByteStorage.allocated(byteCount: rows.count * width * 4) { buffer in
      let floats = buffer.bindMemory(to: Float.self)
      for (place, row) in rows.enumerated() {
        for column in 0..<width {
          let value = values[row * width + column]
          floats[place * width + column] = standardization.isEmpty ? Float(value) : standardization[column](value)
        }
      }
    }
    return Table(
      count: rows.count, sampleShape: [width], features: .floats(features),
      labels: labels.isEmpty ? [] : rows.map { labels[$0] })
  }
}
