import Foundation
import Synchronization

/// Threads that stay alive and share out the indices of a loop.
///
/// A region is announced to threads that spin for a while before they sleep, so in a training step it costs one
/// or two microseconds. Each thread starts on a fixed, contiguous share of the indices (the same every time, so
/// its data stays in its cache) and then takes single indices from the ends of the others' shares. Which thread
/// runs an index is therefore not fixed: work must not depend on it.
///
/// A region started inside a region runs on the calling thread alone. Regions started by several threads at
/// once run one after the other.
package final class ThreadPool: Sendable {
  /// The number of threads, the caller's included.
  package let threadCount: Int

  /// The most ranges that a thread's share of a loop is cut into: where its core is slower than the others', or others use
  /// it too, these can take some over.
  private static let rangesPerThread = 8

  private let crew: Crew
  private let turn = Mutex(())

  /// A pool of a given number of threads, between 1 and 256; by default `ThreadPool.defaultThreadCount`.
  package init(threadCount: Int = ThreadPool.defaultThreadCount) {
    self.threadCount = max(1, min(threadCount, 256))
    let crew = Crew(size: self.threadCount)
    self.crew = crew
    for worker in 1..<max(self.threadCount, 1) {
      let thread = Thread { crew.work(as: worker) }
      thread.name = "apus-\(worker)"
      thread.start()
    }
  }

  deinit { crew.dismiss() }

  /// Calls `body` once for every index below `count`, on all threads, and returns when all calls have.
  ///
  /// - Parameter body: takes the number of the thread that runs it (below `threadCount`, for scratch memory) and
  ///   the index.
  package func parallel(_ count: Int, _ body: (_ worker: Int, _ index: Int) -> Void) {
    guard count > 0 else { return }
    if let worker = crew.currentWorker {
      for index in 0..<count { body(worker, index) }
      return
    }
    turn.withLock { _ in
      crew.beginning(as: 0) {
        if threadCount == 1 || count == 1 {
          for index in 0..<count { body(0, index) }
        } else {
          withoutActuallyEscaping(body) { crew.run(count, $0) }
        }
      }
    }
  }

  /// The ranges that a loop is cut into for some threads: one where it is a single thread's, else up to `rangesPerThread` for
  /// each, equally many, and no more than `most` unless that is less than one for each.
  static func ranges(for threads: Int, most: Int) -> Int {
    threads == 1 ? 1 : threads * max(1, min(rangesPerThread, most / threads))
  }

  /// Calls `body` with contiguous ranges that together make up `0 ..< count`: `rangesPerThread` for each thread, or fewer
  /// where a range would be shorter than `grain`; each starts at a multiple of `alignment`.
  package func parallelRanges(
    _ count: Int, grain: Int, alignment: Int = 16, _ body: (_ worker: Int, _ range: Range<Int>) -> Void
  ) {
    let most = count / max(grain, 1)
    let parts = ThreadPool.ranges(for: max(1, min(threadCount, most)), most: most)
    let share = ((count + parts - 1) / parts + alignment - 1) / alignment * alignment
    guard share > 0 else { return }
    parallel((count + share - 1) / share) { worker, part in
      body(worker, part * share..<min(count, (part + 1) * share))
    }
  }
}
