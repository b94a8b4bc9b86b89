import Foundation

/// What is wrong with a file: which file, where in it, why, and what to do about it.
///
/// `description` is one line, made to be printed as it is:
/// `iris.csv:17: column "width": "abc" is not a number; every feature must be numeric`.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in a file something is wrong.
  public enum Place: Hashable, Sendable {
    /// The file as a whole.
    case whole
    /// An offset in bytes from the start: of the decompressed contents where they are at fault, of the file where
    /// its compression is.
    case byte(Int)
    /// A line, counted from 1.
    case line(Int)
    /// A column of a table, by name, on a line counted from 1.
    case cell(line: Int, column: String)
    /// A named part of the file, such as a tensor or a chunk.
    case part(String)
  }

  /// The file's path, as the caller gave it.
  public let path: String
  /// Where in the file.
  public let place: Place
  /// What is wrong, in a few words.
  public let cause: String
  /// What to do about it, where that is known.
  public let remedy: String?

  /// An error about the file at `path`.
  public init(_ path: String, at place: Place = .whole, _ cause: String, remedy: String? = nil) {
    self.path = path
    self.place = place
    self.cause = cause
    self.remedy = remedy
  }

  /// An error from a failed system call, with the system's own words for the code.
  package init(_ path: String, cannot action: String, code: Int32, remedy: String? = nil) {
    self.init(path, "cannot \(action): \(String(cString: strerror(code)))", remedy: remedy)
  }

  /// The one line to print.
  public var description: String {
    let position =
      switch place {
      case .whole: ""
      case .byte(let offset): " byte \(offset):"
      case .line(let line): "\(line):"
      case .cell(let line, let column): "\(line): column \"\(column)\":"
      case .part(let name): " \(name):"
      }
    let advice = remedy.map { "; " + $0 } ?? ""
    return "\(path):\(position) \(cause)\(advice)".replacingOccurrences(of: "\n", with: " ")
  }
}
