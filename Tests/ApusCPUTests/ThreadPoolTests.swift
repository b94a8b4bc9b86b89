import ApusCPU
import Foundation
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func callsEveryIndexOnce(threads: Int, count: Int) {
    let pool = ThreadPool(threadCount: threads)
    for _ in 0..<20 {
      let calls = Mutex([Int](repeating: 0, count: count))
      let worst = Atomic<Int>(0)
      pool.parallel(count) { worker, index in
        calls.withLock { $0[index] += 1 }
        worst.max(worker, ordering: .relaxed)
      }
      #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
      #expect(worst.load(ordering: .relaxed) < threads)
    }
  }

  @Test func rangesCoverEverythingInOrder() {
    let pool = ThreadPool(threadCount: 3)
    for (count, grain) in [(0, 10), (1, 10), (9, 10), (10, 1), (100, 10), (1001, 64), (4096, 1)] {
      let ranges = Mutex([Range<Int>]())
      pool.parallelRanges(count, grain: grain) { _, range in ranges.withLock { $0.append(range) } }
      var next = 0
      for range in ranges.withLock({ $0 }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
        #expect(range.lowerBound == next)
        #expect(range.lowerBound % 16 == 0)
        next = range.upperBound
      }
      #expect(next == count)
    }
  }

  /// A thread's share is several ranges where it is large enough, so that others can take them over.
  @Test(arguments: [(24 * 64, 64, 24), (12 * 64, 64, 12), (3 * 64, 64, 3), (64, 64, 1), (1 << 20, 64, 24)])
  func aShareIsSeveralRanges(count: Int, grain: Int, expected: Int) {
    let ranges = Mutex(0)
    ThreadPool(threadCount: 3).parallelRanges(count, grain: grain) { _, _ in ranges.withLock { $0 += 1 } }
    #expect(ranges.withLock { $0 } == expected)
  }

  @Test func runsNestedRegionsOnTheSameThread() {
    let pool = ThreadPool(threadCount: 3)
    let total = Atomic<Int>(0)
    pool.parallel(10) { outer, _ in
      pool.parallel(5) { inner, _ in total.add(inner == outer ? 1 : 1000, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 50)
  }

  @Test func takesRegionsFromSeveralThreads() {
    let pool = ThreadPool(threadCount: 2)
    let other = ThreadPool(threadCount: 2)
    let total = Atomic<Int>(0)
    let group = DispatchGroup()
    for _ in 0..<4 {
      DispatchQueue.global().async(group: group) {
        for _ in 0..<200 {
          pool.parallel(7) { _, _ in other.parallel(3) { _, _ in total.add(1, ordering: .relaxed) } }
        }
      }
    }
    group.wait()
    #expect(total.load(ordering: .relaxed) == 4 * 200 * 21)
  }

  @Test func wakesAfterSleeping() {
    let pool = ThreadPool(threadCount: 4)
    let total = Atomic<Int>(0)
    for _ in 0..<5 {
      usleep(5000)
      pool.parallel(64) { _, _ in total.add(1, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 5 * 64)
  }
}
