import ApusFormats

/// The tokens of a language model: single characters (Unicode scalars), or bytes.
///
/// A token is a place in the vocabulary. Characters are sorted by code point, as in nanoGPT's preparation of
/// Shakespeare; a vocabulary of bytes always has all 256.
public struct Vocabulary: Hashable, Sendable {
  /// What a token stands for.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case characters
    case bytes
  }

  /// What a token stands for.
  public let kind: Kind
  /// The characters in order; empty for bytes.
  public let characters: [Unicode.Scalar]
  private let tokens: [Unicode.Scalar: Int32]

  /// All 256 bytes.
  public static let bytes = Vocabulary(kind: .bytes, characters: [])

  /// The characters given, sorted, each once.
  public init(characters: some Sequence<Unicode.Scalar>) {
    self.init(kind: .characters, characters: Set(characters).sorted { $0.value < $1.value })
  }

  private init(kind: Kind, characters: [Unicode.Scalar]) {
    self.kind = kind
    self.characters = characters
    tokens = Dictionary(uniqueKeysWithValues: characters.enumerated().map { ($1, Int32($0)) })
  }

  /// The number of tokens.
  public var count: Int { kind == .bytes ? 256 : characters.count }

  /// The token of a character; nil where the vocabulary has none, or is one of bytes.
  public func token(of character: Unicode.Scalar) -> Int32? { tokens[character] }

  /// The tokens of a text, such as a prompt.
  ///
  /// - Throws: `DataError.unknownCharacter` with the first character that is not in the vocabulary.
  public func encode(_ text: String) throws(DataError) -> [Int32] {
    guard kind == .characters else { return text.utf8.map(Int32.init) }
    var encoded: [Int32] = []
    encoded.reserveCapacity(text.utf8.count)
    for character in text.unicodeScalars {
      guard let token = tokens[character] else {
        throw .unknownCharacter(character, place: encoded.count + 1, known: String(characters))
      }
      encoded.append(token)
    }
    return encoded
  }

  /// The text of tokens. Bytes that are not UTF-8 become replacement characters.
  ///
  /// - Precondition: each token lies in `0 ..< count`.
  public func decode(_ tokens: some Sequence<Int32>) -> String {
    switch kind {
    case .characters: String(tokens.map { characters[Int($0)] })
    case .bytes: String(decoding: tokens.map { UInt8($0) }, as: UTF8.self)
    }
  }

  /// The vocabulary as a checkpoint keeps it.
  public var json: JSONValue {
    switch kind {
    case .characters: .object(["kind": .string(kind.rawValue), "characters": .string(String(characters))])
    case .bytes: .object(["kind": .string(kind.rawValue)])
    }
  }

  /// The vocabulary that `json` gave; nil when `json` is not one.
  public init?(json: JSONValue) {
    guard let members = json.object, let kind = members["kind"]?.string.flatMap(Kind.init) else { return nil }
    switch kind {
    case .bytes: self = .bytes
    case .characters:
      guard let characters = members["characters"]?.string.map({ Array($0.unicodeScalars) }), !characters.isEmpty,
        zip(characters, characters.dropFirst()).allSatisfy({ $0.value < $1.value })
      else { return nil }
      self.init(kind: .characters, characters: characters)
    }
  }
}

extension String {
  /// A text of Unicode scalars.
  fileprivate init(_ scalars: [Unicode.Scalar]) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
