/// A sum or maximum of a chain's values.
///
/// The chain's row axes are the kept ones, then the reduced ones; its columns are either all reduced or all kept.
/// Each output is cut into the same number of segments, whatever the number of threads, so that the order of every
/// sum is fixed.
public struct ReductionPlan {
  public var chain: UnsafePointer<ChainPlan>
  public var isMaximum: Bool
  public var output: UnsafeMutablePointer<Float>
  /// How many combinations of the kept row axes there are.
  public var keptRows: Int
  /// How many combinations of the reduced row axes there are.
  public var reducedRows: Int
  public var columnsAreKept: Bool
  /// The parts that the reduction of one output is cut into.
  public var segments: Int
  /// One value per segment and output, segments outermost; unused with one segment.
  public var partials: UnsafeMutablePointer<Float>

  public init(
    chain: UnsafePointer<ChainPlan>, isMaximum: Bool, output: UnsafeMutablePointer<Float>, keptRows: Int,
    reducedRows: Int, columnsAreKept: Bool, segments: Int, partials: UnsafeMutablePointer<Float>
  ) {
    self.chain = chain
    self.isMaximum = isMaximum
    self.output = output
    self.keptRows = keptRows
    self.reducedRows = reducedRows
    self.columnsAreKept = columnsAreKept
    self.segments = segments
    self.partials = partials
  }

  /// The number of outputs.
  @inlinable @inline(__always)
  public var outputCount: Int { columnsAreKept ? keptRows * chain.pointee.columns : keptRows }

  /// The pieces that kept columns are cut into, so that one piece's accumulators stay in the first-level cache.
  @inlinable @inline(__always)
  public var columnPieces: Int {
    columnsAreKept ? (chain.pointee.columns + chain.pointee.chunk - 1) / chain.pointee.chunk : 1
  }

  /// How many tasks there are, to be run in any order before `combine`.
  @inlinable @inline(__always)
  public var taskCount: Int { keptRows * columnPieces * segments }
}
