/// A mistake in a model, found while it was traced.
public struct GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, with the shapes involved.
  public let message: String
  /// Where in the user's source.
  public let location: SourceLocation

  /// An error at a place.
  public init(_ message: String, at location: SourceLocation) {
    self.message = message
    self.location = location
  }

  public var description: String { "\(location): \(message)" }
}

/// A place in the user's source.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  /// The file, as `Module/File.swift`.
  public let file: String
  /// The line, from 1.
  public let line: Int

  /// A place, by default the caller's.
  public init(file: StaticString = #fileID, line: UInt = #line) {
    self.file = file.description
    self.line = Int(line)
  }

  public var description: String { "\(file):\(line)" }
}

/// What an operation's shape rule objects to; the graph adds the place.
struct RuleViolation: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
