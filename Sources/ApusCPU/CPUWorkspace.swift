import ApusCompiler

/// Intermediate values in the host's memory, and the threads' scratch memory.
final class CPUWorkspace: Workspace {
  let workers: Workers
  private var memory = ReusableMemory<CPUBuffer>()

  init(_ pool: ThreadPool) { workers = Workers(pool) }

  /// A slab of at least each size.
  func slabs(_ sizes: [Int]) -> [CPUBuffer] {
    sizes.enumerated().map { index, size in
      memory.piece(index, byteCount: size) { CPUBuffer(byteCount: $0, label: "workspace \(index)") }
    }
  }
}
