/// Which variants were measured to be the fastest on a device, by the shape of the computation.
///
/// A shape that is not in the table gets the variant that the rules choose (`bestVariant(for:)`). A choice is a fact about
/// one device with one driver and one set of kernels, under whose names the table is kept (`TuningFile`).
public struct TuningTable: Sendable, Hashable, Codable {
  /// What was found for one shape.
  public struct Choice: Sendable, Hashable, Codable {
    /// The fastest variant, in text form.
    public let variant: String
    /// What it took, in seconds.
    public let seconds: Double

    /// A finding.
    public init(variant: String, seconds: Double) {
      self.variant = variant
      self.seconds = seconds
    }
  }

  /// The findings by shape, in text form.
  public var choices: [String: Choice] = [:]
  /// What gave wrong numbers, was refused or took the process with it: shape and variant. It is not tried again.
  public var failures: Set<String> = []
  /// What is being tried, written down before it is: a process that dies leaves it behind.
  public var trying: String?

  /// A table without findings.
  public init() {}

  /// How a shape and a variant are written in `failures` and `trying`.
  public static func attempt(_ shape: String, _ variant: String) -> String { "\(shape), \(variant)" }

  /// A table in which what was being tried when a process died counts as a failure.
  var settled: TuningTable {
    var table = self
    if let trying { table.failures.insert(trying) }
    table.trying = nil
    return table
  }
}

/// A computation whose variants can be compared on a device.
package protocol Tunable {
  associatedtype Variant: LosslessStringConvertible & Equatable

  /// What distinguishes it from others of its kind, in text form; where operands lie does not count.
  var tuningKey: String { get }

  /// Every variant that is right for it on a device, those that the rules would choose among them.
  func candidates(for device: OpenCLDevice) -> [Variant]

  /// The variant that the rules choose.
  func ruledVariant(for device: OpenCLDevice) -> Variant
}

extension Tunable {
  /// The variant that was measured to be the fastest, else the one that the rules choose.
  package func bestVariant(for device: OpenCLDevice) -> Variant {
    let tuned = device.tuning.choices[tuningKey].flatMap { Variant($0.variant) }
    guard let tuned, candidates(for: device).contains(tuned) else { return ruledVariant(for: device) }
    return tuned
  }
}
