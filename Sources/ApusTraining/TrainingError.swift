/// Why a run cannot begin or go on: one line that says what, where and what to do.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
  /// The line.
  public let message: String

  /// An error with a one-line message.
  public init(_ message: String) { self.message = message }

  public var description: String { message }

  /// Runs `body` and turns whatever it throws into a `TrainingError` with the same words.
  package static func wrapping<Result>(_ body: () throws -> Result) throws(TrainingError) -> Result {
    do { return try body() } catch let error as TrainingError { throw error } catch {
      throw TrainingError("\(error)")
    }
  }
}
