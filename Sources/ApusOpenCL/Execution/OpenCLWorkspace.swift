import ApusCompiler

/// Intermediate values in a device's memory, and what launches keep there between their kernels.
final class OpenCLWorkspace: Workspace {
  let context: OpenCLContext
  private var memory = ReusableMemory<OpenCLBuffer>()
  private var launchMemory = ReusableMemory<OpenCLBuffer>()

  init(_ context: OpenCLContext) { self.context = context }

  /// A slab of at least each size.
  func slabs(_ sizes: [Int]) throws(OpenCLError) -> [OpenCLBuffer] {
    var slabs: [OpenCLBuffer] = []
    for (index, size) in sizes.enumerated() {
      slabs.append(try memory.piece(index, byteCount: max(size, 4), allocate: allocate))
    }
    return slabs
  }

  /// Memory that one launch at a time uses.
  func scratch(_ size: Int) throws(OpenCLError) -> OpenCLBuffer {
    try launchMemory.piece(0, byteCount: size, allocate: allocate)
  }

  private func allocate(_ size: Int) throws(OpenCLError) -> OpenCLBuffer { try OpenCLBuffer(context, size: size) }
}
