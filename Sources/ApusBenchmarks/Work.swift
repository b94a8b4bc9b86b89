/// What one run of a benchmark does, and the unit that its figure is given in.
public struct Work: Sendable, Hashable {
  /// What a figure counts.
  public enum Unit: String, Sendable {
    /// Billions of additions and multiplications a second.
    case operations = "GFLOP/s"
    /// Billions of bytes a second.
    case bytes = "GB/s"
    /// Training steps a second.
    case steps = "steps/s"
    /// Microseconds of one run: the only figure that is better when it is smaller.
    case latency = "µs"
  }

  /// Additions and multiplications; a multiply-add counts as two.
  public let operations: Double
  /// Bytes that cannot be avoided: each operand read once, each result written once.
  public let bytes: Double
  /// What the figure counts.
  public let unit: Unit

  /// Work of so many operations and bytes.
  public init(operations: Double, bytes: Double, unit: Unit) {
    self.operations = operations
    self.bytes = bytes
    self.unit = unit
  }

  /// Work that is measured by its additions and multiplications.
  static func computing(_ operations: Int, bytes: Int) -> Work {
    Work(operations: Double(operations), bytes: Double(bytes), unit: .operations)
  }

  /// Work that is measured by the bytes that it moves.
  static func moving(_ bytes: Int) -> Work { Work(operations: 0, bytes: Double(bytes), unit: .bytes) }

  /// The figure for one run's seconds.
  public func figure(seconds: Double) -> Double {
    switch unit {
    case .operations: operations / seconds * 1e-9
    case .bytes: bytes / seconds * 1e-9
    case .steps: 1 / seconds
    case .latency: seconds * 1e6
    }
  }
}
