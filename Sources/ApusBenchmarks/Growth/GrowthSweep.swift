import Apus

/// Something that is timed again and again while one of its sizes grows: a product against its side, a training step
/// against the width of its layers.
///
/// A cost that grows faster than its arithmetic has a bound that a larger problem will hit; the times of a sweep show it.
public struct GrowthSweep: Sendable {
  /// What is timed at one size.
  public struct Point: Sendable {
    /// The size.
    public let size: Int
    /// What is timed.
    public let benchmark: KernelBenchmark
  }

  /// The name on the command line, such as `mlp-width`.
  public let name: String
  /// What is timed, in a few words.
  public let title: String
  /// What grows, such as `samples in a batch`.
  public let sizeLabel: String
  /// What is counted of the work: operations, or the bytes of what computes little with each.
  public let unit: Work.Unit
  /// The sizes, ascending.
  public let points: [Point]

  init(
    _ name: String, _ title: String, over sizeLabel: String, _ sizes: [Int], unit: Work.Unit = .operations,
    _ benchmark: (Int) -> KernelBenchmark
  ) {
    self.name = name
    self.title = title
    self.sizeLabel = sizeLabel
    self.unit = unit
    points = sizes.map { Point(size: $0, benchmark: benchmark($0)) }
  }

  /// The part of some work that the sweep counts, in operations or bytes.
  public func amount(of work: Work) -> Double { unit == .bytes ? work.bytes : work.operations }

  /// What the amount is called.
  public var amountLabel: String { unit == .bytes ? "bytes" : "operations" }
}
