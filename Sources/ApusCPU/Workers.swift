import ApusCPUKernels
import ApusCompiler

/// The threads that a program's launches share, each with its scratch memory.
final class Workers {
  let pool: ThreadPool
  private var scratchMemory: HostMemory?
  private var scratchByteCount = 0
  private var sharedMemory: HostMemory?
  /// What launches are given that have asked for nothing.
  private let nothing = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)

  /// About as many elements of simple arithmetic as are worth waking another thread for.
  static let grain = 65_536

  /// The work that a range has at least where a thread's share is several.
  private static let rangeWork = 4 * grain

  init(_ pool: ThreadPool) { self.pool = pool }

  deinit { nothing.deallocate() }

  /// Memory for what one launch prepares for all its threads: packed matrices, partial products.
  var shared: UnsafeMutablePointer<Float> { (sharedMemory?.start ?? nothing).assumingMemoryBound(to: Float.self) }

  /// Makes the memory that all threads share at least this many floats, and a vector more. Only while nothing runs.
  func reserveShared(_ count: Int) throws(DeviceError) {
    let byteCount = count * 4 + ChainPlan.overread
    guard byteCount > sharedMemory?.byteCount ?? 0 else { return }
    sharedMemory = try .forScratch(byteCount, alignment: 4096)
  }

  /// Makes every thread's scratch memory at least this large. Only while nothing runs.
  func reserve(_ byteCount: Int) throws(DeviceError) {
    guard byteCount > scratchByteCount else { return }
    let size = (byteCount + 4095) / 4096 * 4096
    scratchMemory = try .forScratch(size * pool.threadCount, alignment: 64)
    scratchByteCount = size
  }

  /// A thread's scratch memory.
  func scratch(of worker: Int) -> UnsafeMutableRawPointer {
    (scratchMemory?.start ?? nothing) + worker * scratchByteCount
  }

  /// How many parts work is cut into: one per thread, unless they would be too small.
  func parts(work: Int, limit: Int) -> Int { max(1, min(pool.threadCount, work / Workers.grain, limit)) }

  /// Calls `body` with ranges that make up `0 ..< count`: on the calling thread alone where the work is small.
  ///
  /// A thread's share is several ranges where it is large, so that others can take some of them over.
  func ranges(_ count: Int, work: Int, _ body: (_ scratch: UnsafeMutableRawPointer, _ range: Range<Int>) -> Void) {
    let parts = ThreadPool.ranges(
      for: parts(work: work, limit: count), most: min(work / Workers.rangeWork, count))
    if parts == 1 {
      body(scratch(of: 0), 0..<count)
    } else {
      pool.parallel(parts) { worker, part in
        body(scratch(of: worker), part * count / parts..<(part + 1) * count / parts)
      }
    }
  }

  /// Calls `body` for every index below `count`: on the calling thread alone where the work is small.
  func tasks(_ count: Int, work: Int, _ body: (_ worker: Int, _ index: Int) -> Void) {
    if parts(work: work, limit: count) == 1 {
      pool.parallel(1) { worker, _ in for index in 0..<count { body(worker, index) } }
    } else {
      pool.parallel(count, body)
    }
  }

  /// The ranges that make up `0 ..< count`, all but the last of a given length.
  static func blocks(_ count: Int, of length: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
  }

  /// Calls `body` with areas that make up a plan's space.
  func areas(_ plan: ChainPlan, work: Int, _ body: (_ scratch: UnsafeMutableRawPointer, _ area: ChainArea) -> Void) {
    let rows = plan.rows
    let columns = plan.columns
    // Rows are cut where there are enough of them; otherwise each row, in stretches of whole vectors.
    if parts(work: work, limit: rows) > 1 || columns < 2 * plan.chunk {
      ranges(rows, work: work) { scratch, range in
        body(scratch, ChainArea(firstRow: range.lowerBound, rows: range.count, firstColumn: 0, columns: columns))
      }
    } else {
      let stretches = (columns + plan.chunk - 1) / plan.chunk
      ranges(stretches, work: work) { scratch, range in
        let first = range.lowerBound * plan.chunk
        let end = min(range.upperBound * plan.chunk, columns)
        body(scratch, ChainArea(firstRow: 0, rows: rows, firstColumn: first, columns: end - first))
      }
    }
  }
}

extension HostMemory {
  fileprivate static func forScratch(_ byteCount: Int, alignment: Int) throws(DeviceError) -> HostMemory {
    guard let memory = HostMemory(byteCount: byteCount, alignment: alignment) else {
      throw .noMemory(byteCount, "the threads' scratch memory")
    }
    return memory
  }
}
