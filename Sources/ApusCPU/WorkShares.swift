import Synchronization

/// For each worker the range of indices it has yet to do, in one atomic word on a cache line of its own.
///
/// A word holds the range's two ends, 32 bits each. Taking an index is one compare-and-exchange; a range that was
/// read in an earlier region and is exchanged in a later one is the same range, so nothing can go wrong by age.
final class WorkShares: @unchecked Sendable {
  private let count: Int
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// Words from one worker's to the next: two cache lines, because processors fetch them in pairs.
  private static let spacing = 16

  init(count: Int) {
    self.count = count
    words = .allocate(capacity: count * WorkShares.spacing)
    for i in 0..<count * WorkShares.spacing { (words + i).initialize(to: Atomic(0)) }
  }

  deinit {
    words.deinitialize(count: count * WorkShares.spacing)
    words.deallocate()
  }

  func set(_ worker: Int, to range: Range<Int>) {
    words[worker * WorkShares.spacing].store(
      WorkShares.word(UInt32(truncatingIfNeeded: range.lowerBound), UInt32(truncatingIfNeeded: range.upperBound)),
      ordering: .releasing)
  }

  /// Takes the first index of a share.
  func takeFirst(of worker: Int) -> Int? {
    take(worker) { first, last in (WorkShares.word(first + 1, last), first) }
  }

  /// Takes the last index of a share.
  func takeLast(of worker: Int) -> Int? {
    take(worker) { first, last in (WorkShares.word(first, last - 1), last - 1) }
  }

  @inline(__always)
  private func take(_ worker: Int, _ split: (UInt32, UInt32) -> (rest: UInt64, taken: UInt32)) -> Int? {
    let slot = worker * WorkShares.spacing
    var seen = words[slot].load(ordering: .acquiring)
    while true {
      let first = UInt32(truncatingIfNeeded: seen)
      let last = UInt32(truncatingIfNeeded: seen >> 32)
      if first >= last { return nil }
      let (rest, taken) = split(first, last)
      let (exchanged, original) = words[slot].compareExchange(
        expected: seen, desired: rest, ordering: .acquiringAndReleasing)
      if exchanged { return Int(taken) }
      seen = original
    }
  }

  private static func word(_ first: UInt32, _ last: UInt32) -> UInt64 { UInt64(last) << 32 | UInt64(first) }

  // MARK: - Badges

  /// An address that stands for a worker of this crew.
  func badge(of worker: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(words + worker * WorkShares.spacing)
  }

  /// The worker that an address stands for, or nil when it is another crew's.
  func worker(of badge: UnsafeRawPointer) -> Int? {
    let offset = badge - UnsafeRawPointer(words)
    let stride = WorkShares.spacing * MemoryLayout<UInt64>.stride
    guard offset >= 0, offset < count * stride else { return nil }
    return offset / stride
  }
}
