import ApusCompiler

/// Intermediate values in the host's memory, and the threads' scratch memory.
final class CPUWorkspace: Workspace {
  let workers: Workers
  private var memory = ReusableMemory<CPUBuffer>()

  init(_ pool: ThreadPool) { workers = Workers(pool) }

  /// A slab of at least each size.
  func slabs(_ sizes: [Int]) throws(DeviceError) -> [CPUBuffer] {
    var slabs: [CPUBuffer] = []
    for (index, size) in sizes.enumerated() {
      slabs.append(
        try memory.piece(index, byteCount: size) { (size) throws(DeviceError) in
          try CPUBuffer(byteCount: size, label: "intermediate values")
        })
    }
    return slabs
  }
}
