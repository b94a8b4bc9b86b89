import Foundation

/// Memory of the host with one owner: its contents are undefined.
///
/// It is aligned to a cache line, and from 2 MB on it lies in huge pages where the system has some: rows that are picked at
/// random, and arenas that are streamed through, each need a page's address, and those of huge pages stay at hand.
package final class HostMemory {
  package let start: UnsafeMutableRawPointer
  package let byteCount: Int

  private static let hugePage = 2 << 20

  /// Nil where the system has not so much.
  ///
  /// - Parameter alignment: a power of two, in bytes.
  package init?(byteCount: Int, alignment: Int = 64) {
    let isLarge = byteCount >= HostMemory.hugePage
    var start: UnsafeMutableRawPointer?
    guard byteCount >= 0, posix_memalign(&start, isLarge ? HostMemory.hugePage : alignment, max(byteCount, 64)) == 0,
      let start
    else { return nil }
    #if os(Linux)
      // A system that refuses loses nothing but time.
      if isLarge { madvise(start, byteCount, MADV_HUGEPAGE) }
    #endif
    self.start = start
    self.byteCount = byteCount
  }

  deinit { free(start) }
}
