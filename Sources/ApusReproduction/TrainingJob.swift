import Apus

/// One training run of a reproduction.
struct TrainingJob: Sendable, Hashable {
  /// Its directory below the reproduction's `runs`: the group of runs it belongs to, its line, and its seed where there
  /// are several.
  let name: String
  /// The settings of a configuration file.
  let settings: JSONObject
  /// Whether the reproduction goes without it where this build or this machine lacks what it needs.
  let isOptional: Bool
  /// Whether its checkpoints stay when it is finished.
  let keepsModel: Bool

  init(_ name: String, settings: JSONObject, isOptional: Bool = false, keepsModel: Bool = true) {
    self.name = name
    self.settings = settings
    self.isOptional = isOptional
    self.keepsModel = keepsModel
  }

  /// The configuration, with every default filled in.
  ///
  /// - Throws: `TrainingError` for a setting, model or optimizer that this build does not know.
  func configuration() throws(TrainingError) -> RunConfiguration {
    var configuration = RunConfiguration()
    try configuration.apply(settings, source: name)
    return try configuration.resolved()
  }
}

extension JSONObject {
  /// These settings with others over them; hyperparameters are merged by name.
  package func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for key in other.keys {
      if let inner = other[key]?.object, let outer = self[key]?.object {
        merged[key] = .object(outer.merging(inner))
      } else {
        merged[key] = other[key]
      }
    }
    return merged
  }
}
