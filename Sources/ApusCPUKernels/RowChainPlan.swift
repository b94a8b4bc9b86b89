/// Chains over the rows of one matrix, of which some reduce each row to values and others read those values.
///
/// Blocks of rows go through all stages, so that a row is in the nearest cache from one to the next.
public struct RowChainPlan {
  /// One of the chains.
  public struct Stage: BitwiseCopyable {
    /// Its rows are the matrix's; but where values of rows follow from others its columns are.
    public var chain: UnsafePointer<ChainPlan>
    /// What it is reduced to, in one segment, where it is.
    public var reduction: UnsafePointer<ReductionPlan>?
    /// Whether the chain's columns are the matrix's rows.
    public var isOfRows: Bool

    public init(
      _ chain: UnsafePointer<ChainPlan>, reduction: UnsafePointer<ReductionPlan>? = nil, isOfRows: Bool = false
    ) {
      self.chain = chain
      self.reduction = reduction
      self.isOfRows = isOfRows
    }
  }

  public var stages: UnsafeMutablePointer<Stage>
  public var stageCount: Int
  /// The rows of a block.
  public var blockRows: Int

  public init(stages: UnsafeMutablePointer<Stage>, stageCount: Int, blockRows: Int) {
    self.stages = stages
    self.stageCount = stageCount
    self.blockRows = blockRows
  }

  /// The scratch memory of each stage's frame, so many that one fits.
  @inlinable @inline(__always)
  public static var frameByteCount: Int { 64 }

  /// The scratch memory that one thread needs, in bytes, aligned to 64.
  public var scratchByteCount: Int {
    (0..<stageCount).reduce(stageCount * RowChainPlan.frameByteCount) {
      $0 + stages[$1].chain.pointee.scratchByteCount
    }
  }
}
