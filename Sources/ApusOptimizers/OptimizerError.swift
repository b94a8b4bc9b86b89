/// Why an optimizer or a schedule could not be made.
public enum OptimizerError: Error, Hashable, CustomStringConvertible {
  /// No optimizer has this name.
  case unknownOptimizer(name: String, nearest: String?, known: [String])
  /// The optimizer has no such hyperparameter.
  case unknownHyperparameter(optimizer: String, name: String, nearest: String?, known: [String])
  /// A value outside what is allowed, or text that is no such value.
  case invalidValue(owner: String, name: String, value: String, allowed: String)
  /// Text that is no schedule, or an unknown setting in it.
  case invalidSchedule(text: String, reason: String)

  /// What is wrong, where, and what is allowed instead, in one line.
  public var description: String {
    switch self {
    case .unknownOptimizer(let name, let nearest, let known):
      "unknown optimizer '\(name)'\(suggestion(nearest)); known: \(known.joined(separator: ", "))"
    case .unknownHyperparameter(let optimizer, let name, let nearest, let known):
      "\(optimizer) has no hyperparameter '\(name)'\(suggestion(nearest)); "
        + (known.isEmpty ? "it has none" : "it has: \(known.joined(separator: ", "))")
    case .invalidValue(let owner, let name, let value, let allowed):
      "\(owner): \(name) is \(value), but must be \(allowed)"
    case .invalidSchedule(let text, let reason):
      "schedule '\(text)': \(reason)"
    }
  }

  private func suggestion(_ nearest: String?) -> String {
    nearest.map { " (did you mean '\($0)'?)" } ?? ""
  }
}
