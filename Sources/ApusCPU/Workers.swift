import ApusCPUKernels

/// The threads that a program's launches share, each with its scratch memory.
final class Workers {
  let pool: ThreadPool
  private var scratch: UnsafeMutableRawPointer
  private var scratchByteCount = 64

  /// About as many elements of simple arithmetic as are worth waking another thread for.
  static let grain = 65_536

  init(_ pool: ThreadPool) {
    self.pool = pool
    scratch = .allocate(byteCount: 64 * pool.threadCount, alignment: 64)
  }

  deinit { scratch.deallocate() }

  /// Makes every thread's scratch memory at least this large. Only while nothing runs.
  func reserve(_ byteCount: Int) {
    guard byteCount > scratchByteCount else { return }
    scratchByteCount = (byteCount + 4095) / 4096 * 4096
    scratch.deallocate()
    scratch = .allocate(byteCount: scratchByteCount * pool.threadCount, alignment: 64)
  }

  /// A thread's scratch memory.
  func scratch(of worker: Int) -> UnsafeMutableRawPointer { scratch + worker * scratchByteCount }

  /// How many parts work is cut into: one per thread, unless they would be too small.
  func parts(work: Int, limit: Int) -> Int { max(1, min(pool.threadCount, work / Workers.grain, limit)) }

  /// Calls `body` with ranges that make up `0 ..< count`: on the calling thread alone where the work is small.
  func ranges(_ count: Int, work: Int, _ body: (_ scratch: UnsafeMutableRawPointer, _ range: Range<Int>) -> Void) {
    let parts = parts(work: work, limit: count)
    if parts == 1 {
      body(scratch(of: 0), 0..<count)
    } else {
      pool.parallel(parts) { worker, part in
        body(scratch(of: worker), part * count / parts..<(part + 1) * count / parts)
      }
    }
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
