import Foundation
import Synchronization

/// The threads of a pool and the region that they are working on.
///
/// Each worker has a share of the region's indices, taken from the front by its owner and from the back by
/// others. A region is over when as many indices are done as it has. A worker that arrives late finds empty
/// shares and touches nothing else, so nobody waits for sleepers.
final class Crew: Sendable {
  typealias Body = (_ worker: Int, _ index: Int) -> Void

  private let size: Int
  private let shares: WorkShares
  private let current = Current()
  /// Counts regions; a change tells the workers to look for work, a negative number sends them home.
  private let region = Atomic<Int>(0)
  private let unfinished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let bell = NSCondition()

  /// How often an idle worker looks for a new region before it sleeps: some 100 microseconds.
  private static let patience = 100_000

  init(size: Int) {
    self.size = size
    shares = WorkShares(count: size)
  }

  /// Runs a region; the caller is worker 0.
  func run(_ count: Int, _ body: @escaping Body) {
    current.body = body
    unfinished.store(count, ordering: .relaxed)
    for worker in 0..<size {
      shares.set(worker, to: worker * count / size..<(worker + 1) * count / size)
    }
    region.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      bell.lock()
      bell.broadcast()
      bell.unlock()
    }
    takePart(as: 0)
    var spins = 0
    while unfinished.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > Crew.patience { sched_yield() }
    }
    current.body = nil
  }

  /// The life of a worker: look for a region, take part, and after a while of nothing, sleep.
  func work(as worker: Int) {
    beginning(as: worker) {
      var seen = 0
      while true {
        let now = nextRegion(after: seen)
        if now < 0 { return }
        seen = now
        takePart(as: worker)
      }
    }
  }

  /// Sends the workers home.
  func dismiss() {
    bell.lock()
    region.store(Int.min, ordering: .sequentiallyConsistent)
    bell.broadcast()
    bell.unlock()
  }

  private func nextRegion(after seen: Int) -> Int {
    for _ in 0..<Crew.patience {
      let now = region.load(ordering: .acquiring)
      if now != seen { return now }
    }
    bell.lock()
    defer { bell.unlock() }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while true {
      let now = region.load(ordering: .sequentiallyConsistent)
      if now != seen { return now }
      bell.wait()
    }
  }

  /// Works off the worker's own share, then what is left of the others'.
  private func takePart(as worker: Int) {
    var done = 0
    while let index = shares.takeFirst(of: worker) {
      current.call(worker, index)
      done += 1
    }
    for offset in 1..<max(size, 1) {
      while let index = shares.takeLast(of: (worker + offset) % size) {
        current.call(worker, index)
        done += 1
      }
    }
    if done > 0 { unfinished.subtract(done, ordering: .releasing) }
  }

  // MARK: - Who is working

  /// What the running region calls. Written only while no share holds an index, read only by a worker that has
  /// taken one.
  private final class Current: @unchecked Sendable {
    var body: Body?

    // Not inlined, so that the reference to the body is given up before the index counts as done.
    @inline(never)
    func call(_ worker: Int, _ index: Int) { body?(worker, index) }
  }

  /// The number of the worker that this thread is inside a region of this crew, or nil.
  var currentWorker: Int? {
    guard let badge = pthread_getspecific(Crew.badgeKey) else { return nil }
    return shares.worker(of: badge)
  }

  /// Runs `body` with the thread known as one of the workers.
  func beginning(as worker: Int, _ body: () -> Void) {
    let previous = pthread_getspecific(Crew.badgeKey)
    pthread_setspecific(Crew.badgeKey, shares.badge(of: worker))
    body()
    pthread_setspecific(Crew.badgeKey, previous)
  }

  private static let badgeKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()
}
