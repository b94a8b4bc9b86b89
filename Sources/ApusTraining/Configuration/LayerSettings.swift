import ApusFormats

/// One entry of a list of layers: a name with a single setting, several by name, or none.
final class LayerSettings {
  let name: String
  /// What errors call the layer.
  let place: String
  private let main: JSONValue?
  private let object: JSONObject
  private var read: Set<String> = []

  init(_ description: JSONValue, position: Int) throws(TrainingError) {
    switch description {
    case .string(let name):
      self.name = name
      (main, object) = (nil, JSONObject())
    case .object(let entry):
      guard entry.keys.count == 1, let name = entry.keys.first, let value = entry[name] else {
        throw TrainingError("layers: entry \(position + 1) must be one layer, such as linear: 100")
      }
      self.name = name
      if case .object(let settings) = value {
        (main, object) = (nil, settings)
      } else {
        (main, object) = (value, JSONObject())
      }
    default:
      throw TrainingError("layers: entry \(position + 1) must be a layer's name, or a name with settings")
    }
    place = "layer \(position + 1) (\(name))"
  }

  private func value(_ key: String, isMain: Bool) -> JSONValue? {
    read.insert(key)
    return object[key] ?? (isMain ? main : nil)
  }

  /// A setting as text; nil when it is none.
  func text(_ key: String) -> String? {
    guard let text = (object[key] ?? main)?.string, Int(text) == nil else { return nil }
    read.insert(key)
    return text
  }

  /// A whole number up to the largest size; without a default it must be given. The main setting may stand alone behind the
  /// layer's name.
  func integer(
    _ key: String, atLeast minimum: Int, default standard: Int? = nil, isMain: Bool = false
  ) throws(TrainingError) -> Int {
    let range = minimum...RunConfiguration.sizes.upperBound
    guard let value = value(key, isMain: isMain) else {
      if let standard { return standard }
      throw TrainingError("\(place): needs \(key), \(range.asWholeNumbers)")
    }
    guard let number = value.integer ?? value.string.flatMap({ Int($0) }), range ~= number else {
      throw TrainingError("\(place): \(key) is \(value.line), but must be \(range.asWholeNumbers)")
    }
    return number
  }

  /// True or false.
  func flag(_ key: String, default standard: Bool) throws(TrainingError) -> Bool {
    guard let value = value(key, isMain: false) else { return standard }
    guard case .bool(let flag) = value else { throw TrainingError("\(place): \(key) must be true or false") }
    return flag
  }

  /// The probability of a dropout.
  func rate() throws(TrainingError) -> Double {
    guard let value = value("rate", isMain: true)?.number, value >= 0, value < 1 else {
      throw TrainingError("\(place): needs a rate of at least 0 and below 1")
    }
    return value
  }

  /// Throws when a setting was given that the layer does not have.
  func checkAllRead() throws(TrainingError) {
    if let foreign = object.keys.first(where: { !read.contains($0) }) {
      let known = read.isEmpty ? "it has none" : "it has \(read.sorted().joined(separator: ", "))"
      throw TrainingError("\(place): has no setting \(foreign); \(known)")
    }
    if main != nil, read.isEmpty { throw TrainingError("\(place): takes no settings") }
  }
}
