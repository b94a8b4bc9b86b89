import Apus

/// A published comparison that can be run again: what it is, where it stands, what its source reports, and how it is
/// made.
///
/// A reproduction is a list of training runs and a way to turn their metrics into a figure and a table. The rows of the
/// registry are in `Reproduction.all`.
public struct Reproduction: Sendable {
  /// Where a comparison was published.
  public struct Source: Sendable, Hashable {
    /// Authors, title, where and when.
    public let citation: String
    /// The figure or section.
    public let place: String
    /// Where to read it.
    public let link: String

    package init(citation: String, place: String, link: String) {
      self.citation = citation
      self.place = place
      self.link = link
    }
  }

  /// Something that the source says, and how the like is measured here.
  public struct Claim: Sendable {
    /// What is measured.
    public let quantity: String
    /// What the source reports, in its words; `curve only` where it gives no number.
    public let reported: String
    /// The number that the source reports; nil where it gives none.
    public let value: Double?
    /// Where in the source.
    public let place: String
    let measure: @Sendable (RunRecords) -> Measurement?

    init(
      _ quantity: String, reported: String, value: Double? = nil, place: String,
      measure: @escaping @Sendable (RunRecords) -> Measurement?
    ) {
      self.quantity = quantity
      self.reported = reported
      self.value = value
      self.place = place
      self.measure = measure
    }
  }

  /// What was measured where a source claims something.
  public struct Measurement: Sendable, Hashable {
    /// In words and numbers.
    public let text: String
    /// The number, where there is one.
    public let value: Double?

    init(_ text: String, value: Double? = nil) {
      self.text = text
      self.value = value
    }
  }

  /// The name on the command line.
  public let name: String
  /// What is compared.
  public let title: String
  /// Where it was published.
  public let source: Source
  /// What the source reports.
  public let claims: [Claim]
  /// What differs from the source in both tiers, in whole sentences.
  public let remarks: [String]
  /// What each tier takes, in words.
  let costs: @Sendable (Tier) -> String
  /// What is left out or shortened in a tier; empty for nothing.
  let notes: @Sendable (Tier) -> String
  let jobs: @Sendable (Tier) -> [TrainingJob]
  let figure: @Sendable (RunRecords) -> Figure
  let table: @Sendable (RunRecords) -> TextTable

  /// How long a reproduction takes.
  public enum Tier: String, Sendable, CaseIterable {
    /// Under three minutes on two processor cores; shows the course, not the end.
    case quick
    /// As in the source, as far as that is known.
    case full
  }

  /// What a tier takes on two processor cores, in words.
  public func cost(_ tier: Tier) -> String { costs(tier) }

  /// What a tier leaves out or shortens; empty for nothing.
  public func note(_ tier: Tier) -> String { notes(tier) }

  /// The training runs of a tier by name, each as the settings of a configuration file.
  public func settings(_ tier: Tier) -> [(name: String, settings: JSONObject)] {
    jobs(tier).map { ($0.name, $0.settings) }
  }

  /// Why this build cannot run a tier: the first setting that it does not know; nil when it can.
  ///
  /// Runs that can be left out do not count.
  public func obstacle(_ tier: Tier) -> String? {
    for job in jobs(tier) where !job.isOptional {
      do throws(TrainingError) { _ = try job.configuration() } catch {
        return "\(name): this build cannot run it: \(error.message)"
      }
    }
    return nil
  }

  /// The reproduction of a name.
  ///
  /// - Throws: `TrainingError` with the nearest name and all known ones.
  public static func named(_ name: String) throws(TrainingError) -> Reproduction {
    if let found = all.first(where: { $0.name == name }) { return found }
    let names = all.map(\.name)
    let nearest = nearestName(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
    throw TrainingError("there is no reproduction '\(name)'; \(nearest)known: \(names.joined(separator: ", "))")
  }
}
