import ApusCompiler
import COpenCL

/// A piece of device memory with one owner, released with it.
package final class OpenCLBuffer {
  /// In bytes.
  package let size: Int

  package let handle: cl_mem
  private let context: ContextOwner
  /// Who the host's memory belongs to that the buffer lies in; nil where it is the driver's.
  private let owner: AnyObject?

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
    let memory = context.device.kind == .cpu ? HostMemory(byteCount: size) : nil
    owner = memory
    let flags = cl_mem_flags(CL_MEM_READ_WRITE) | cl_mem_flags(memory == nil ? 0 : CL_MEM_USE_HOST_PTR)
    handle = try checked("clCreateBuffer", "\(size) bytes") { code in
      apus_clCreateBuffer(context.handle, flags, max(size, 1), memory?.start, &code)
    }
  }

  /// Memory of the host that kernels only read; nil for what OpenCL has no buffers for, nothing at all or too much.
  package init?(_ context: OpenCLContext, sharing bytes: UnsafeRawBufferPointer, owner: AnyObject) throws(OpenCLError) {
    guard let start = bytes.baseAddress, bytes.count > 0, bytes.count <= context.device.largestAllocation else {
      return nil
    }
    size = bytes.count
    self.context = context.owner
    self.owner = owner
    let flags = cl_mem_flags(CL_MEM_READ_ONLY) | cl_mem_flags(CL_MEM_USE_HOST_PTR)
    handle = try checked("clCreateBuffer", "\(size) bytes of the host") { code in
      apus_clCreateBuffer(context.handle, flags, bytes.count, UnsafeMutableRawPointer(mutating: start), &code)
    }
  }

  deinit { _ = apus_clReleaseMemObject(handle) }
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
