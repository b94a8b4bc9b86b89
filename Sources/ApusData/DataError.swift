import ApusFormats

/// Why a data set cannot be had, in one line that says what to do.
public enum DataError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file is missing or its contents are wrong.
  case file(FileError)
  /// There is no data set of this name.
  case unknownDataset(String, known: [String])
  /// An option's value is not allowed.
  case invalidOption(String, cause: String)
  /// The files cannot be fetched: what was wanted, and what each mirror said.
  case download(String, reasons: [String], remedy: String)

  /// The one line to print.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .unknownDataset(let name, let known):
      "there is no data set named \"\(name)\"; the known ones are \(known.joined(separator: ", "))"
    case .invalidOption(let option, let cause): "\(option): \(cause)"
    case .download(let name, let reasons, let remedy):
      "cannot download \(name): \(reasons.joined(separator: "; ")); \(remedy)"
    }
  }
}

/// Runs `body` and turns an error about a file into a `DataError`.
func asDataError<Result>(_ body: () throws(FileError) -> Result) throws(DataError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
