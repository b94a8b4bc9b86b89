import COpenCL

/// The in-order queue of a device: commands run one after the other, in the order in which they were enqueued.
///
/// Nothing here waits except where it says so.
package final class CommandQueue {
  /// The device's times by command, when the queue was made for profiling.
  package private(set) var profile: Profile?

  package let handle: cl_command_queue
  private let context: ContextOwner

  init(_ context: ContextOwner, device: OpenCLDevice, profiling: Bool) throws(OpenCLError) {
    self.context = context
    let properties = profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    handle = try checked("clCreateCommandQueue", device.name) { code in
      apus_clCreateCommandQueue(context.handle, device.handle.pointer, properties, &code)
    }
    profile = profiling ? Profile() : nil
  }

  deinit {
    _ = apus_clFinish(handle)
    _ = apus_clReleaseCommandQueue(handle)
  }

  /// Runs a command that may hand out an event, and keeps the event when the queue is profiled.
  private func submit(
    _ call: String, _ name: String, tag: Profile.Tag? = nil, _ command: (UnsafeMutablePointer<cl_event?>?) -> cl_int
  ) throws(OpenCLError) {
    guard profile != nil else { return try check(command(nil), call, name) }
    var event: cl_event?
    try check(command(&event), call, name)
    if let event { try profile?.add(name, tag, Event(event)) }
  }

  /// Enqueues a kernel.
  ///
  /// - Parameter tag: whose it is, for a profile's intervals.
  package func enqueue(_ launch: Launch, tag: Profile.Tag? = nil) throws(OpenCLError) {
    try submit("clEnqueueNDRangeKernel", launch.label, tag: tag) { event in
      launch.withSizes { dimensions, global, local in
        apus_clEnqueueNDRangeKernel(handle, launch.kernel.handle, dimensions, global, local, event)
      }
    }
  }

  /// Enqueues kernels in order.
  package func enqueue(_ launches: [Launch]) throws(OpenCLError) {
    for launch in launches { try enqueue(launch) }
  }

  /// Copies host memory to the device and returns when the source may be reused.
  package func write(_ source: UnsafeRawBufferPointer, to range: MemoryRange) throws(OpenCLError) {
    try transfer(source.count, range, "clEnqueueWriteBuffer")
    guard let base = source.baseAddress, source.count > 0 else { return }
    try submit("clEnqueueWriteBuffer", "write") { event in
      apus_clEnqueueWriteBuffer(
        handle, range.buffer.handle, cl_bool(CL_TRUE), range.offset, source.count, base, event)
    }
  }

  /// Copies device memory to the host and returns when it is there, and everything enqueued before is done.
  package func read(_ range: MemoryRange, into destination: UnsafeMutableRawBufferPointer) throws(OpenCLError) {
    try transfer(destination.count, range, "clEnqueueReadBuffer")
    guard let base = destination.baseAddress, destination.count > 0 else { return }
    try submit("clEnqueueReadBuffer", "read") { event in
      apus_clEnqueueReadBuffer(
        handle, range.buffer.handle, cl_bool(CL_TRUE), range.offset, destination.count, base, event)
    }
  }

  /// Enqueues a copy of host memory to the device; the source must stay as it is until the event is done.
  package func writeLater(_ source: UnsafeRawBufferPointer, to range: MemoryRange) throws(OpenCLError) -> Event {
    try transfer(source.count, range, "clEnqueueWriteBuffer")
    return try later("clEnqueueWriteBuffer") { event in
      apus_clEnqueueWriteBuffer(
        handle, range.buffer.handle, cl_bool(CL_FALSE), range.offset, source.count, source.baseAddress, event)
    }
  }

  /// Enqueues a copy of device memory to the host; the destination must stay until the event is done.
  package func readLater(
    _ range: MemoryRange, into destination: UnsafeMutableRawBufferPointer
  ) throws(OpenCLError) -> Event {
    try transfer(destination.count, range, "clEnqueueReadBuffer")
    return try later("clEnqueueReadBuffer") { event in
      apus_clEnqueueReadBuffer(
        handle, range.buffer.handle, cl_bool(CL_FALSE), range.offset, destination.count, destination.baseAddress,
        event)
    }
  }

  /// Enqueues a copy from device memory to device memory; the two may not overlap.
  package func copy(_ source: MemoryRange, to destination: MemoryRange) throws(OpenCLError) {
    try transfer(source.size, destination, "clEnqueueCopyBuffer")
    guard source.size > 0 else { return }
    try submit("clEnqueueCopyBuffer", "copy") { event in
      apus_clEnqueueCopyBuffer(
        handle, source.buffer.handle, destination.buffer.handle, source.offset, destination.offset, source.size, event
      )
    }
  }

  /// Enqueues filling memory with one value; the size is a multiple of the value's.
  package func fill<Value: BitwiseCopyable>(_ range: MemoryRange, with value: Value) throws(OpenCLError) {
    try transfer(range.size, range, "clEnqueueFillBuffer")
    guard range.size > 0 else { return }
    try submit("clEnqueueFillBuffer", "fill") { event in
      withUnsafeBytes(of: value) { pattern in
        apus_clEnqueueFillBuffer(
          handle, range.buffer.handle, pattern.baseAddress, pattern.count, range.offset, range.size, event)
      }
    }
  }

  /// Enqueues a marker, whose event is done when everything before it is.
  package func marker() throws(OpenCLError) -> Event {
    try later("clEnqueueMarkerWithWaitList") { event in apus_clEnqueueMarker(handle, event) }
  }

  /// Sends what is enqueued to the device without waiting for it.
  package func flush() throws(OpenCLError) { try check(apus_clFlush(handle), "clFlush") }

  /// Waits until everything enqueued is done.
  package func finish() throws(OpenCLError) {
    try check(apus_clFinish(handle), "clFinish")
    try profile?.settle()
  }

  private func later(
    _ call: String, _ command: (UnsafeMutablePointer<cl_event?>) -> cl_int
  ) throws(OpenCLError) -> Event {
    var event: cl_event?
    try check(command(&event), call)
    guard let event else { throw OpenCLError.call(call, code: CL_INVALID_EVENT, context: "no event came back") }
    return Event(event)
  }

  private func transfer(_ size: Int, _ range: MemoryRange, _ call: String) throws(OpenCLError) {
    guard size <= range.size, range.offset >= 0, range.offset + size <= range.buffer.size else {
      throw OpenCLError.call(
        call, code: CL_INVALID_VALUE,
        context: "\(size) bytes at \(range.offset) of a buffer of \(range.buffer.size) bytes")
    }
  }
}
