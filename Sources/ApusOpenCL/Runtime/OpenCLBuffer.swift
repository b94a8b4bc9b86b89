import ApusCompiler
import COpenCL

/// A piece of device memory with one owner, released with it.
package final class OpenCLBuffer {
  /// In bytes.
  package let size: Int

  package let handle: cl_mem
  private let context: ContextOwner

  /// Allocates memory; its contents are undefined.
  ///
  /// - Throws: `outOfMemory` above the device's largest allocation.
  package init(_ context: OpenCLContext, size: Int) throws(OpenCLError) {
    let limit = context.device.largestAllocation
    guard size <= limit else {
      throw OpenCLError.outOfMemory(
        requested: size, limit: limit, "this is the largest single buffer of \(context.device.name).")
    }
    self.size = size
    self.context = context.owner
    // A device that works in the host's memory gets it from here, in huge pages.
    if context.device.kind == .cpu, let memory = HostMemory(byteCount: size) {
      let bytes = UnsafeMutableRawBufferPointer(start: memory.start, count: max(size, 1))
      handle = try OpenCLBuffer.handle(context, lyingIn: bytes, flags: CL_MEM_READ_WRITE, owner: memory)
    } else {
      handle = try checked("clCreateBuffer", "\(size) bytes") { code in
        apus_clCreateBuffer(context.handle, cl_mem_flags(CL_MEM_READ_WRITE), max(size, 1), nil, &code)
      }
    }
  }

  /// Memory of the host that kernels only read; nil for what OpenCL has no buffers for, nothing at all or too much.
  package init?(_ context: OpenCLContext, sharing bytes: UnsafeRawBufferPointer, owner: AnyObject) throws(OpenCLError) {
    guard bytes.count > 0, bytes.count <= context.device.largestAllocation else { return nil }
    size = bytes.count
    self.context = context.owner
    handle = try OpenCLBuffer.handle(
      context, lyingIn: UnsafeMutableRawBufferPointer(mutating: bytes), flags: CL_MEM_READ_ONLY, owner: owner)
  }

  deinit { _ = apus_clReleaseMemObject(handle) }

  /// A buffer in memory of the host, whose owner lives until the last command that uses the buffer is done: commands keep
  /// what they use, so the buffer may outlive its release.
  private static func handle(
    _ context: OpenCLContext, lyingIn bytes: UnsafeMutableRawBufferPointer, flags: Int32, owner: AnyObject
  ) throws(OpenCLError) -> cl_mem {
    let allFlags = cl_mem_flags(flags) | cl_mem_flags(CL_MEM_USE_HOST_PTR)
    let handle = try checked("clCreateBuffer", "\(bytes.count) bytes of the host") { code in
      apus_clCreateBuffer(context.handle, allFlags, bytes.count, bytes.baseAddress, &code)
    }
    let kept = Unmanaged.passRetained(owner)
    let code = apus_clSetMemObjectDestructorCallback(
      handle, { _, owner in if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, kept.toOpaque())
    do throws(OpenCLError) {
      try check(code, "clSetMemObjectDestructorCallback")
    } catch {
      _ = apus_clReleaseMemObject(handle)
      kept.release()
      throw error
    }
    return handle
  }
}

/// A run of elements inside a buffer.
package struct MemoryRange {
  package let buffer: OpenCLBuffer
  /// The first byte.
  package let offset: Int
  /// In bytes.
  package let size: Int

  package init(_ buffer: OpenCLBuffer, offset: Int = 0, size: Int) {
    self.buffer = buffer
    self.offset = offset
    self.size = size
  }

  /// A whole buffer.
  package init(_ buffer: OpenCLBuffer) { self.init(buffer, size: buffer.size) }

  /// A part of this range.
  package func range(at offset: Int, size: Int) -> MemoryRange {
    MemoryRange(buffer, offset: self.offset + offset, size: size)
  }
}
