/// How texts become bags of words.
public struct ReviewOptions: Hashable, Sendable {
  /// What a feature says of its word.
  public enum Features: String, CaseIterable, Sendable {
    /// 1 where the word occurs.
    case presence
    /// How often it occurs.
    case counts
  }

  /// How many words have a feature: those that are most frequent in the training texts.
  public var wordCount = 10_000
  /// What a feature says of its word.
  public var features = Features.presence

  /// The defaults stated above.
  public init() {}

  func validated() throws(DataError) -> ReviewOptions {
    guard 1...1_000_000 ~= wordCount else {
      throw .invalidOption("imdb-words", cause: "\(wordCount) is not from 1 to 1000000")
    }
    return self
  }
}
