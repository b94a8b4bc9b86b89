import ApusData
import ApusFormats
import ApusTestSupport
import Testing

@Suite("Texts")
struct TextTests {
  private func load(_ bytes: [UInt8], _ change: (inout TextOptions) -> Void = { _ in }) throws -> TextDataset {
    try withTemporaryFolder { folder in
      var options = DatasetOptions()
      change(&options.text)
      return try TextDataset.load("text:" + folder.write(bytes, to: "a.txt"), options: options)
    }
  }

  private func failure(_ bytes: [UInt8], _ change: (inout TextOptions) -> Void = { _ in }) throws -> String {
    let text = try #require(throws: DataError.self) { try load(bytes, change) }.description
    return text.firstRange(of: "a.txt").map { String(text[$0.lowerBound...]) } ?? text
  }

  @Test func charactersAreSortedAndTheEndIsForValidation() throws {
    let text = try load(Array("hällo wörld\r\n👩‍👧 hello".utf8))
    #expect(text.vocabulary.characters.map(\.value) == text.vocabulary.characters.map(\.value).sorted())
    #expect(text.vocabulary.count == 15)
    // 22 scalars: ⌊22 · 0.9⌋ are for training.
    #expect(text.training.count == 19 && text.validation.count == 3)
    #expect(text.vocabulary.decode(text.training) == "hällo wörld\r\n👩‍👧 he")
    #expect(text.vocabulary.decode(text.validation) == "llo")
  }

  @Test func bytesNeedNoEncoding() throws {
    let contents = (0..<256).map { UInt8($0) }
    let text = try load(contents) {
      $0.tokens = .bytes
      $0.validationFraction = 0.25
    }
    #expect(text.vocabulary == .bytes && text.vocabulary.count == 256)
    #expect(text.training + text.validation == contents.map(Int32.init) && text.validation.count == 64)
    #expect(try text.vocabulary.encode("é") == [0xC3, 0xA9])
    #expect(text.vocabulary.decode([0xC3, 0xA9, 0xFF]) == "é\u{FFFD}")
  }

  @Test func unknownCharactersAreNamed() throws {
    let vocabulary = Vocabulary(characters: "cab\n".unicodeScalars)
    #expect(try vocabulary.encode("abba\n") == [1, 2, 2, 1, 0])
    let error = try #require(throws: DataError.self) { try vocabulary.encode("ab€") }
    #expect(
      error.description
        == "character 3 is \"€\" (U+20AC), which is not in the model's vocabulary; its 4 characters are \"\\nabc\"")
  }

  @Test func vocabulariesSurviveJSON() throws {
    let characters = Vocabulary(characters: "e\u{301}\r\n\"\\\u{0}👩‍👧".unicodeScalars)
    for vocabulary in [characters, .bytes] {
      let json = try Array(vocabulary.json.line.utf8).withUnsafeBytes { try JSONValue.parse($0, path: "vocabulary") }
      #expect(Vocabulary(json: json) == vocabulary)
    }
    #expect(Vocabulary(json: .object(["kind": "characters", "characters": "ba"])) == nil)
    #expect(Vocabulary(json: .object(["kind": "characters", "characters": ""])) == nil)
    #expect(Vocabulary(json: .object(["kind": "words"])) == nil)
  }

  @Test func refuses() throws {
    #expect(
      try failure(Array("abc".utf8) + [0xC3, 0x28] + Array("defghijklmnopqrstuvwxyz".utf8))
        == "a.txt: byte 3: the text is not UTF-8; convert it, or choose tokens of bytes")
    #expect(try failure([]) == "a.txt: the file is empty")
    #expect(
      try failure(Array("abcdefghij".utf8))
        == "a.txt: 10 tokens cannot be split into training and 0.1 validation; each part needs at least 2")
    #expect(
      try failure([1], { $0.validationFraction = 1 }) == "text-validation: 1.0 is not above 0 and below 1")
  }

  @Test func samplesAndTextsAreToldApart() throws {
    let samples = try #require(throws: DataError.self) { try TextDataset.load("digits") }
    #expect(samples.description == "digits is not a text; a language model trains on shakespeare or text:FILE")
    try withTemporaryFolder { folder in
      let path = try folder.write(String(repeating: "to be or not to be ", count: 9), to: "shakespeare/input.txt")
      let text = try #require(throws: DataError.self) { try Dataset.load("text:" + path) }
      #expect(
        text.description
          == "text:\(path) is a text and has no labelled samples; train a language model on it")
      var options = DatasetOptions()
      options.dataFolder = folder.path
      let named = try TrainingData.load("shakespeare", options: options)
      guard case .text(let dataset) = named else { throw DataError.samplesForText("shakespeare") }
      #expect(named.name == "shakespeare" && dataset.training.count == 153)
    }
  }

  /// nanoGPT's preparation prints these counts.
  @Test(.enabled(if: dataFolder != nil, "needs Shakespeare below APUS_DATA_DIR"))
  func realShakespeare() throws {
    let text = try TextDataset.load("shakespeare")
    #expect(text.vocabulary.count == 65)
    #expect(text.training.count == 1_003_854 && text.validation.count == 111_540)
    #expect(text.vocabulary.decode(text.training.prefix(14)) == "First Citizen:")
    #expect(text.training.prefix(5) == [18, 47, 56, 57, 58])
  }
}
