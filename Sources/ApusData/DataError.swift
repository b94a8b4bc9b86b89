import ApusFormats

/// Why a data set cannot be had, in one line that says what to do.
public enum DataError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file is missing or its contents are wrong.
  case file(FileError)
  /// There is no data set of this name.
  case unknownDataset(String, known: [String])
  /// An option's value is not allowed.
  case invalidOption(String, cause: String)
  /// A text where labelled samples are needed.
  case textForSamples(String)
  /// Labelled samples where a text is needed.
  case samplesForText(String)
  /// A text, such as a prompt, holds a character that the vocabulary does not; its place counts from 1.
  case unknownCharacter(Unicode.Scalar, place: Int, known: String)
  /// The files cannot be fetched: what was wanted, and what each mirror said.
  case download(String, reasons: [String], remedy: String)

  /// The one line to print.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .unknownDataset(let name, let known):
      "there is no data set named \"\(name)\"; the known ones are \(known.joined(separator: ", "))"
    case .invalidOption(let option, let cause): "\(option): \(cause)"
    case .textForSamples(let name):
      "\(name) is a text and has no labelled samples; train a language model on it"
    case .samplesForText(let name):
      "\(name) is not a text; a language model trains on shakespeare or text:FILE"
    case .unknownCharacter(let character, let place, let known):
      "character \(place) is \(String(reflecting: String(character))) (U+\(hexadecimal(character))), which is not in the "
        + "model's vocabulary; its \(known.unicodeScalars.count) characters are \(String(reflecting: known))"
    case .download(let name, let reasons, let remedy):
      "cannot download \(name): \(reasons.joined(separator: "; ")); \(remedy)"
    }
  }
}

/// Runs `body` and turns an error about a file into a `DataError`.
func asDataError<Result>(_ body: () throws(FileError) -> Result) throws(DataError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}

private func hexadecimal(_ character: Unicode.Scalar) -> String {
  let digits = String(character.value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
