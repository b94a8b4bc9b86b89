import ApusExpression

/// Which samples each training step sees.
///
/// The samples of the epochs follow one another in one endless sequence, and step `s` (from 0) takes its
/// places `s · batchSize ..< (s + 1) · batchSize`. So every batch is full, every sample is seen once an
/// epoch, a batch may straddle two epochs, and the position is a pure function of the step: nothing has to be
/// stored to resume exactly.
public struct BatchOrder: Sendable {
  /// How the samples of an epoch are ordered.
  public enum Order: Hashable, Sendable {
    /// A fresh Philox permutation each epoch, a function of the seed and the epoch.
    case shuffled(seed: UInt64)
    /// As in the file.
    case file
    /// Each place drawn by itself, as the windows of a text are: an epoch may miss samples and repeat others.
    case drawn(seed: UInt64)
  }

  /// The number of samples there are, at least 1.
  public let sampleCount: Int
  /// The number of samples that count as one epoch, at least 1.
  public let epochLength: Int
  /// The number of samples of a step, at least 1.
  public let batchSize: Int
  /// How the samples of an epoch are ordered.
  public let order: Order

  /// The Philox stream that orders samples, apart from those of initial weights and dropout.
  static let stream: UInt32 = 0x5348_5546

  private var cached: (epoch: Int, permutation: [Int32])?

  /// The order of `sampleCount` samples in batches.
  ///
  /// - Parameter epochLength: how many drawn samples count as one epoch; all other orders see `sampleCount`.
  /// - Throws: `DataError.invalidOption` unless both counts are at least 1 and the sample count fits `Int32`.
  public init(sampleCount: Int, batchSize: Int, order: Order, epochLength: Int? = nil) throws(DataError) {
    guard batchSize >= 1 else { throw .invalidOption("batch size", cause: "\(batchSize) is not at least 1") }
    guard sampleCount >= 1 else { throw .invalidOption("data set", cause: "there are no samples to train on") }
    guard sampleCount <= Int(Int32.max) else {
      throw .invalidOption("data set", cause: "\(sampleCount) samples are more than the \(Int32.max) supported")
    }
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.order = order
    if case .drawn = order {
      self.epochLength = max(epochLength ?? sampleCount, 1)
    } else {
      self.epochLength = sampleCount
    }
  }

  /// The number of steps after which `epochs` epochs have been seen completely.
  public func steps(forEpochs epochs: Int) -> Int {
    (epochs * epochLength + batchSize - 1) / batchSize
  }

  /// How many epochs the first `steps` steps have seen completely.
  public func completedEpochs(afterSteps steps: Int) -> Int { steps * batchSize / epochLength }

  /// How many epochs the first `steps` steps have seen, with the fraction of the current one.
  public func epochs(afterSteps steps: Int) -> Double {
    Double(steps) * Double(batchSize) / Double(epochLength)
  }

  /// The order of the samples in one epoch, counted from 0.
  ///
  /// - Complexity: O(`sampleCount`), and O(1) again for the same epoch.
  public mutating func permutation(epoch: Int) -> [Int32] {
    if let cached, cached.epoch == epoch { return cached.permutation }
    let permutation =
      switch order {
      case .shuffled(let seed):
        Philox(seed: seed).permutation(
          count: sampleCount, step: UInt32(truncatingIfNeeded: epoch), stream: BatchOrder.stream)
      case .file, .drawn: Array(0..<Int32(sampleCount))
      }
    cached = (epoch, permutation)
    return permutation
  }

  /// The samples of one step, counted from 0, written into `destination`.
  ///
  /// - Precondition: `destination` holds `batchSize` values.
  public mutating func indices(step: Int, into destination: UnsafeMutableBufferPointer<Int32>) {
    precondition(destination.count == batchSize)
    if case .drawn(let seed) = order {
      let philox = Philox(seed: seed)
      for place in 0..<batchSize {
        let word = philox.word(element: place, step: UInt32(truncatingIfNeeded: step), stream: BatchOrder.stream)
        destination[place] = Int32(truncatingIfNeeded: (UInt64(word) * UInt64(sampleCount)) >> 32)
      }
      return
    }
    var position = step * batchSize
    var filled = 0
    while filled < batchSize {
      let (epoch, offset) = position.quotientAndRemainder(dividingBy: sampleCount)
      let run = min(batchSize - filled, sampleCount - offset)
      let permutation = permutation(epoch: epoch)
      for index in 0..<run { destination[filled + index] = permutation[offset + index] }
      filled += run
      position += run
    }
  }

  /// The samples of one step, counted from 0.
  public mutating func indices(step: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: batchSize) { buffer, initialized in
      buffer.initialize(repeating: 0)
      indices(step: step, into: UnsafeMutableBufferPointer(rebasing: buffer[..<batchSize]))
      initialized = batchSize
    }
  }
}
