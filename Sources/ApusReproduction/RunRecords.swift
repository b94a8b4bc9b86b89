import Apus

/// What the training runs of a reproduction gave.
struct RunRecords: Sendable {
  /// One finished run.
  struct Record: Sendable {
    let job: TrainingJob
    /// Every setting that it was made with.
    let settings: JSONObject
    let history: RunHistory
    let seconds: Double
    let device: String
  }

  let tier: Reproduction.Tier
  private(set) var records: [Record] = []
  /// The runs that were left out, and why.
  private(set) var skipped: [(name: String, reason: String)] = []

  init(tier: Reproduction.Tier) { self.tier = tier }

  mutating func append(_ record: Record) { records.append(record) }

  mutating func skip(_ name: String, because reason: String) { skipped.append((name, reason)) }

  /// The runs of a line: one for each seed.
  func runs(_ group: String, _ line: String) -> [Record] {
    let name = "\(group)/\(line)"
    return records.filter { $0.job.name == name || $0.job.name.hasPrefix(name + "/seed-") }
  }

  /// Whether any run of a group was made.
  func holds(_ group: String) -> Bool { records.contains { $0.job.name.hasPrefix(group + "/") } }

  /// The mean of a number over a line's seeds; nil where there is none.
  func mean(_ group: String, _ line: String, _ value: (RunHistory) -> Double?) -> Double? {
    let values = runs(group, line).compactMap { value($0.history) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
