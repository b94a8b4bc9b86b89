/// The batches that see every sample of a table once, in file order, the last one padded to full size.
///
/// A padded place repeats sample 0 and has weight 0, so that losses and metrics divided by the total weight
/// are exact while every batch has the same shape.
public struct EvaluationBatches: RandomAccessCollection, Sendable {
  /// The samples of one batch.
  public struct Batch: Hashable, Sendable {
    /// The sample in each place.
    public let indices: [Int32]
    /// 1 for a sample, 0 for a padded place.
    public let weights: [Float]
    /// The number of samples that are not padding.
    public let sampleCount: Int
  }

  /// The number of samples.
  public let sampleCount: Int
  /// The number of places in each batch.
  public let batchSize: Int

  /// The batches of `sampleCount` samples.
  ///
  /// - Throws: `DataError.invalidOption` unless `batchSize` is at least 1 and the sample count is between 0
  ///   and `Int32.max`.
  public init(sampleCount: Int, batchSize: Int) throws(DataError) {
    guard batchSize >= 1 else { throw .invalidOption("batch size", cause: "\(batchSize) is not at least 1") }
    guard 0...Int(Int32.max) ~= sampleCount else {
      throw .invalidOption("data set", cause: "\(sampleCount) samples, \(Int32.max) are supported")
    }
    self.sampleCount = sampleCount
    self.batchSize = batchSize
  }

  /// The first batch's index.
  public var startIndex: Int { 0 }
  /// The number of batches.
  public var endIndex: Int { (sampleCount + batchSize - 1) / batchSize }

  /// One batch.
  public subscript(position: Int) -> Batch {
    precondition(indices.contains(position), "batch \(position) of \(count)")
    let first = position * batchSize
    let real = Swift.min(batchSize, sampleCount - first)
    return Batch(
      indices: (0..<batchSize).map { $0 < real ? Int32(first + $0) : 0 },
      weights: (0..<batchSize).map { $0 < real ? 1 : 0 }, sampleCount: real)
  }
}
