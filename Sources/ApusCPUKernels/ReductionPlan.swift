/// Sums or maxima of a chain's results.
///
/// The chain's row axes are the kept ones, then the reduced ones, or the other way round; its columns are either all
/// reduced or all kept. There is an output for each result. Each output's elements are cut into the same number of
/// segments, whatever the number of threads, so that the order of every sum is fixed.
public struct ReductionPlan {
  public var chain: UnsafePointer<ChainPlan>
  public var isMaximum: Bool
  /// One output for each of the chain's results.
  public var outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// How many outputs there are.
  public var resultCount: Int
  /// How many combinations of the kept row axes there are.
  public var keptRows: Int
  /// How many combinations of the reduced row axes there are.
  public var reducedRows: Int
  public var columnsAreKept: Bool
  /// Whether the kept row axes are the inner ones: rows of all elements follow one another, as channels do in an image.
  /// The columns are reduced then.
  public var interleavesRows: Bool
  /// The parts that the reduction of one element is cut into.
  public var segments: Int
  /// One value per output, segment and element, outputs outermost; unused with one segment.
  public var partials: UnsafeMutablePointer<Float>
  /// The same of interleaved rows, segments outermost, then outputs.
  public var totals: UnsafeMutablePointer<Double>

  public init(
    chain: UnsafePointer<ChainPlan>, isMaximum: Bool, outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>,
    resultCount: Int, keptRows: Int, reducedRows: Int, columnsAreKept: Bool, interleavesRows: Bool, segments: Int,
    partials: UnsafeMutablePointer<Float>, totals: UnsafeMutablePointer<Double>
  ) {
    self.chain = chain
    self.isMaximum = isMaximum
    self.outputs = outputs
    self.resultCount = resultCount
    self.keptRows = keptRows
    self.reducedRows = reducedRows
    self.columnsAreKept = columnsAreKept
    self.interleavesRows = interleavesRows
    self.segments = segments
    self.partials = partials
    self.totals = totals
  }

  /// The number of elements of each output.
  @inlinable @inline(__always)
  public var elementCount: Int { columnsAreKept ? keptRows * chain.pointee.columns : keptRows }

  /// The pieces that kept columns are cut into, so that one piece's accumulators stay in the first-level cache.
  @inlinable @inline(__always)
  public var columnPieces: Int {
    columnsAreKept ? (chain.pointee.columns + chain.pointee.chunk - 1) / chain.pointee.chunk : 1
  }

  /// How many tasks there are, to be run in any order before `combine`.
  @inlinable @inline(__always)
  public var taskCount: Int { (interleavesRows ? 1 : keptRows * columnPieces) * segments }
}
