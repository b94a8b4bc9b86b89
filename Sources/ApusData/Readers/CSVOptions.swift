/// How a CSV file becomes a data set.
public struct CSVOptions: Hashable, Sendable {
  /// Whether the first record holds the columns' names.
  public enum Header: String, CaseIterable, Sendable {
    /// It does when none of its fields is a number.
    case detected
    case present
    case absent
  }

  /// Whether the first record holds the columns' names.
  public var header = Header.detected
  /// The name of the column of labels; the last column when nil. Without a header, columns are named
  /// `column1`, `column2`, ….
  public var labelColumn: String?
  /// The byte between fields.
  public var separator: Character = ","
  /// Whether each feature is shifted and scaled to mean 0 and deviation 1 over the training rows.
  public var standardizes = false
  /// The part of the rows that is kept for validation, above 0 and below 1.
  public var validationFraction = 0.2
  /// Which rows those are: they are drawn by Philox from this seed.
  public var seed: UInt64 = 0

  /// The defaults stated above.
  public init() {}

  func validated() throws(DataError) -> CSVOptions {
    guard validationFraction > 0, validationFraction < 1 else {
      throw .invalidOption("validation fraction", cause: "\(validationFraction) is not above 0 and below 1")
    }
    guard let byte = separator.asciiValue, byte != 0x22, byte != 0x0A, byte != 0x0D else {
      throw .invalidOption("separator", cause: "\"\(separator)\" is not one ASCII character other than a quote")
    }
    return self
  }
}
