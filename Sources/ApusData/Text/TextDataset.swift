/// A text to train a language model on: the beginning is for training, the end for validation.
public struct TextDataset: Sendable {
  /// The name that the text goes by, such as `shakespeare` or `text:FILE`.
  public let name: String
  /// What the tokens stand for.
  public let vocabulary: Vocabulary
  /// The tokens to train on, each in `0 ..< vocabulary.count`.
  public let training: [Int32]
  /// The tokens to validate on, which follow those in the text.
  public let validation: [Int32]

  /// A text that is already tokens.
  ///
  /// - Precondition: each token lies in `0 ..< vocabulary.count`.
  public init(name: String, vocabulary: Vocabulary, training: [Int32], validation: [Int32]) {
    let range = 0..<Int32(vocabulary.count)
    precondition(training.allSatisfy(range.contains) && validation.allSatisfy(range.contains))
    self.name = name
    self.vocabulary = vocabulary
    self.training = training
    self.validation = validation
  }
}

/// How a text becomes tokens.
public struct TextOptions: Hashable, Sendable {
  /// What a token stands for.
  public var tokens = Vocabulary.Kind.characters
  /// The part of the text, at its end, that is kept for validation; above 0 and below 1.
  public var validationFraction = 0.1

  /// The defaults stated above.
  public init() {}
}
