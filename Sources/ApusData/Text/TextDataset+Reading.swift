import ApusFormats
import Foundation

extension TextDataset {
  /// The text of a file in UTF-8, gzipped or not; with tokens of bytes, any file.
  ///
  /// With `validationFraction` f, the first ⌊n · (1 − f)⌋ of n tokens are for training, as in nanoGPT.
  ///
  /// - Parameter name: the name that the text goes by; `text:PATH` when nil.
  /// - Throws: `DataError` when the file cannot be read, is not UTF-8, or is too short to be split.
  public init(path: String, name: String? = nil, options: TextOptions = TextOptions()) throws(DataError) {
    guard options.validationFraction > 0, options.validationFraction < 1 else {
      throw .invalidOption("text-validation", cause: "\(options.validationFraction) is not above 0 and below 1")
    }
    let (vocabulary, tokens) = try asDataError { () throws(FileError) in
      let contents = try ByteReader(path: path).readToEnd()
      return switch options.tokens {
      case .bytes: (Vocabulary.bytes, contents.withBytes { $0.map(Int32.init) })
      case .characters: try contents.withBytes { bytes throws(FileError) in try Self.characters(bytes, path: path) }
      }
    }
    let trainingCount = Int(Double(tokens.count) * (1 - options.validationFraction))
    guard trainingCount >= 2, tokens.count - trainingCount >= 2 else {
      throw .file(
        FileError(
          path, "\(tokens.count) tokens cannot be split into training and \(options.validationFraction) validation",
          remedy: "each part needs at least 2"))
    }
    self.init(
      name: name ?? "text:\(path)", vocabulary: vocabulary, training: Array(tokens[..<trainingCount]),
      validation: Array(tokens[trainingCount...]))
  }

  private static func characters(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(FileError) -> (Vocabulary, [Int32]) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var isUsed = [Bool](repeating: false, count: 0x11_0000)
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var position = 0
    parsing: while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        isUsed[Int(scalar.value)] = true
        scalars.append(scalar)
        position += encoded.count
      case .error:
        throw FileError(
          path, at: .byte(position), "the text is not UTF-8", remedy: "convert it, or choose tokens of bytes")
      case .emptyInput: break parsing
      }
    }
    let vocabulary = Vocabulary(characters: isUsed.indices.lazy.filter { isUsed[$0] }.compactMap(Unicode.Scalar.init))
    var places = [Int32](repeating: 0, count: isUsed.count)
    for (place, character) in vocabulary.characters.enumerated() { places[Int(character.value)] = Int32(place) }
    return (vocabulary, scalars.map { places[Int($0.value)] })
  }
}

extension TextDataset {
  /// The Shakespeare of char-rnn and nanoGPT, 1.1 million characters: from `dataFolder` where it is there, else
  /// from the cache, downloading what is missing.
  static func shakespeare(_ options: DatasetOptions) throws(DataError) -> TextDataset {
    let places = ["shakespeare/input.txt", "tinyshakespeare/input.txt", "shakespeare.txt"]
    let path =
      if let local = try LocalFiles(of: "shakespeare", in: options.resolvedDataFolder)?.first(of: places) {
        local
      } else {
        try options.downloader.fetch(
          [RemoteFile(name: "input.txt", md5: "6fb458f1232090904fb40fe944165e91", isCompressed: false)],
          of: "shakespeare",
          from: ["https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"])[0]
      }
    return try TextDataset(path: path, name: "shakespeare", options: options.text)
  }
}
