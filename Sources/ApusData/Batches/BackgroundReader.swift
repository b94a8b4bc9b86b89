import ApusFormats
import Foundation

/// Batches that a thread of their own copies together ahead of the training step that needs them.
///
/// For sets that are larger than the device's memory: their features stay in the mapped file, and while step k runs
/// the reader fills the batches of the next steps into a small ring of buffers. Nothing is allocated per batch, and
/// the batches are those of `BatchOrder`, so a resumed run sees what an uninterrupted one would have seen.
///
/// One thread takes the batches. The reader stops when it is told to, or is no longer referenced.
public final class BackgroundReader: Sendable {
  /// One batch, valid until the closure that was given it returns.
  public struct Batch {
    /// The step that the batch is for, from 0.
    public let step: Int
    /// The samples after one another, in the type in which the table stores them.
    public let features: UnsafeRawBufferPointer
    /// Their labels; none where the table has none.
    public let labels: UnsafeBufferPointer<Int32>
  }

  private let ring: BatchRing

  /// Starts reading.
  ///
  /// - Parameters:
  ///   - table: the samples; their features must not be sparse.
  ///   - order: which samples each step sees.
  ///   - firstStep: the first step to read for, counted from 0.
  ///   - capacity: how many batches are read ahead, at least 2.
  /// - Throws: `DataError.invalidOption` where the table and the order do not belong together.
  public init(_ table: Table, order: BatchOrder, firstStep: Int = 0, capacity: Int = 3) throws(DataError) {
    guard let storage = table.features.block else {
      throw .invalidOption("data set", cause: "sparse features cannot be read in the background")
    }
    guard order.sampleCount == table.count else {
      throw .invalidOption(
        "data set", cause: "\(table.count) samples, but the order is one of \(order.sampleCount)")
    }
    guard capacity >= 2, firstStep >= 0 else {
      throw .invalidOption("background reader", cause: "\(capacity) batches from step \(firstStep)")
    }
    let ring = BatchRing(
      sampleSize: table.featureCount * table.elementType.byteCount, batchSize: order.batchSize,
      hasLabels: !table.labels.isEmpty, capacity: capacity, firstStep: firstStep)
    self.ring = ring
    let thread = Thread { ring.fill(from: storage, labels: table.labels, order: order) }
    thread.name = "apus.reader"
    thread.start()
  }

  deinit { ring.stop() }

  /// Waits for the next batch and calls `body` with it; nil when the reader was stopped.
  public func withNextBatch<Result, Failure: Error>(
    _ body: (Batch) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let batch = ring.take() else { return nil }
    defer { ring.release() }
    return try body(batch)
  }

  /// Ends the reader's thread and waits for it; further batches are nil.
  ///
  /// - Precondition: not called from within `withNextBatch`'s closure.
  public func stop() { ring.stop() }
}

/// The buffers between the thread that fills and the one that takes.
private final class BatchRing: @unchecked Sendable {
  private let sampleSize: Int
  private let batchSize: Int
  private let capacity: Int
  private let firstStep: Int
  private let features: UnsafeMutableRawBufferPointer
  private let labels: UnsafeMutableBufferPointer<Int32>
  private let labelCount: Int

  // Guarded by the condition; the buffers belong to the filler from `taken + capacity` on and to the taker below
  // `filled`.
  private let changed = NSCondition()
  private var filled = 0
  private var taken = 0
  private var isStopped = false
  private var hasEnded = false

  init(sampleSize: Int, batchSize: Int, hasLabels: Bool, capacity: Int, firstStep: Int) {
    self.sampleSize = sampleSize
    self.batchSize = batchSize
    self.capacity = capacity
    self.firstStep = firstStep
    labelCount = hasLabels ? batchSize : 0
    features = .allocate(byteCount: max(capacity * batchSize * sampleSize, 1), alignment: 64)
    labels = .allocate(capacity: max(capacity * labelCount, 1))
  }

  deinit {
    features.deallocate()
    labels.deallocate()
  }

  /// The filling thread's work.
  func fill(from storage: ByteStorage, labels source: [Int32], order: BatchOrder) {
    var order = order
    let indices = UnsafeMutableBufferPointer<Int32>.allocate(capacity: batchSize)
    defer { indices.deallocate() }
    storage.withBytes { bytes in
      for batch in 0... {
        changed.lock()
        while batch - taken >= capacity && !isStopped { changed.wait() }
        let isOver = isStopped
        changed.unlock()
        if isOver { break }
        order.indices(step: firstStep + batch, into: indices)
        let slot = batch % capacity
        let target = features.baseAddress.map { $0 + slot * batchSize * sampleSize }
        for (place, index) in indices.enumerated() {
          let sample = UnsafeRawBufferPointer(rebasing: bytes[Int(index) * sampleSize..<(Int(index) + 1) * sampleSize])
          UnsafeMutableRawBufferPointer(start: target.map { $0 + place * sampleSize }, count: sampleSize)
            .copyMemory(from: sample)
        }
        for place in 0..<labelCount { labels[slot * labelCount + place] = source[Int(indices[place])] }
        changed.lock()
        filled = batch + 1
        changed.broadcast()
        changed.unlock()
      }
    }
    changed.lock()
    hasEnded = true
    changed.broadcast()
    changed.unlock()
  }

  /// The next batch, when it is there.
  func take() -> BackgroundReader.Batch? {
    changed.lock()
    while filled == taken && !isStopped { changed.wait() }
    let (batch, isOver) = (taken, isStopped)
    changed.unlock()
    if isOver { return nil }
    let slot = batch % capacity
    let size = batchSize * sampleSize
    return BackgroundReader.Batch(
      step: firstStep + batch,
      features: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(features)[slot * size..<(slot + 1) * size]),
      labels: UnsafeBufferPointer(rebasing: labels[slot * labelCount..<(slot + 1) * labelCount]))
  }

  /// Gives the buffer of the batch that was taken back.
  func release() {
    changed.lock()
    taken += 1
    changed.broadcast()
    changed.unlock()
  }

  func stop() {
    changed.lock()
    isStopped = true
    changed.broadcast()
    while !hasEnded { changed.wait() }
    changed.unlock()
  }
}
