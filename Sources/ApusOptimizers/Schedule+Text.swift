extension Schedule: CustomStringConvertible {
  /// Every shape's name, with its settings and their defaults.
  public static let forms = [
    "constant", "inverse-sqrt:unit=epoch", "step:factor=0.1,every=10", "exponential:factor=0.95", "cosine:min=0.0",
  ]

  /// Reads a schedule from its text form, `NAME` or `NAME:KEY=VALUE,KEY=VALUE`.
  ///
  /// The shapes and their defaults are those of `forms`; each also takes `warmup=STEPS`.
  ///
  /// - Throws: `OptimizerError` for an unknown shape or key, text that is no number, or a value out of range.
  public init(parsing text: String, learningRate: Double) throws(OptimizerError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var settings = try Settings(parts.count > 1 ? String(parts[1]) : "", of: text)
    let warmup = try settings.take("warmup", default: 0, "a number of steps") { Int($0) }
    let shape: Shape
    switch parts[0] {
    case "constant":
      shape = .constant
    case "inverse-sqrt":
      shape = .inverseSquareRoot(
        try settings.take("unit", default: .epoch, "epoch or step") { Period(rawValue: $0) })
    case "step":
      let factor = try settings.take("factor", default: 0.1, "a number") { Double($0) }
      shape = .step(
        factor: factor, every: try settings.take("every", default: 10, "a number of epochs") { Int($0) })
    case "exponential":
      shape = .exponential(factor: try settings.take("factor", default: 0.95, "a number") { Double($0) })
    case "cosine":
      shape = .cosine(minimum: try settings.take("min", default: 0, "a learning rate") { Double($0) })
    default:
      let names = Schedule.forms.map { String($0.prefix { $0 != ":" }) }
      let nearest = nearestName(to: String(parts[0]), in: names).map { " (did you mean '\($0)'?)" } ?? ""
      throw .invalidSchedule(text: text, reason: "no such shape\(nearest); known: \(names.joined(separator: ", "))")
    }
    try settings.requireNoneLeft()
    try self.init(learningRate: learningRate, shape: shape, warmup: warmup)
  }

  /// The text form, from which `init(parsing:learningRate:)` makes the same schedule.
  public var description: String {
    var settings: [String] = []
    let name: String
    switch shape {
    case .constant:
      name = "constant"
    case .inverseSquareRoot(let unit):
      name = "inverse-sqrt"
      settings = ["unit=\(unit.rawValue)"]
    case .step(let factor, let every):
      name = "step"
      settings = ["factor=\(factor)", "every=\(every)"]
    case .exponential(let factor):
      name = "exponential"
      settings = ["factor=\(factor)"]
    case .cosine(let minimum):
      name = "cosine"
      settings = ["min=\(minimum)"]
    }
    if warmup > 0 { settings.append("warmup=\(warmup)") }
    return settings.isEmpty ? name : "\(name):\(settings.joined(separator: ","))"
  }
}

/// The `KEY=VALUE` pairs of a schedule's text, each taken out once.
private struct Settings {
  private let text: String
  private var left: [String: String] = [:]
  private var known: [String] = []

  init(_ pairs: String, of text: String) throws(OptimizerError) {
    self.text = text
    for pair in pairs.split(separator: ",") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw .invalidSchedule(text: text, reason: "'\(pair)' is not KEY=VALUE")
      }
      guard left.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
        throw .invalidSchedule(text: text, reason: "'\(sides[0])' is given twice")
      }
    }
  }

  mutating func take<Value>(
    _ key: String, default value: Value, _ allowed: String, _ read: (String) -> Value?
  ) throws(OptimizerError) -> Value {
    known.append(key)
    guard let given = left.removeValue(forKey: key) else { return value }
    guard let value = read(given) else {
      throw .invalidSchedule(text: text, reason: "\(key) is '\(given)', but must be \(allowed)")
    }
    return value
  }

  func requireNoneLeft() throws(OptimizerError) {
    guard let key = left.keys.min() else { return }
    let nearest = nearestName(to: key, in: known).map { " (did you mean '\($0)'?)" } ?? ""
    throw .invalidSchedule(
      text: text, reason: "no setting '\(key)'\(nearest); known: \(known.joined(separator: ", "))")
  }
}
