import COpenCL

/// The one owner of a `cl_event`: a command that has been enqueued, to be waited for or timed.
package final class Event {
  let handle: cl_event

  init(_ handle: cl_event) { self.handle = handle }

  deinit { _ = apus_clReleaseEvent(handle) }

  /// Returns when the command is done.
  package func wait() throws(OpenCLError) {
    try check(apus_clWaitForEvent(handle), "clWaitForEvents")
  }

  /// Whether the command is done.
  package func isComplete() throws(OpenCLError) -> Bool {
    var status: cl_int = 0
    let size = MemoryLayout<cl_int>.size
    let name = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
    try check(apus_clGetEventInfo(handle, name, size, &status, nil), "clGetEventInfo")
    if status < 0 { throw OpenCLError.call("a command", code: status, context: "found when asked for its state") }
    return status == CL_COMPLETE
  }

  /// The device's clock at the command's start and end, in nanoseconds.
  func times() throws(OpenCLError) -> (start: UInt64, end: UInt64) {
    (try time(CL_PROFILING_COMMAND_START), try time(CL_PROFILING_COMMAND_END))
  }

  private func time(_ name: Int32) throws(OpenCLError) -> UInt64 {
    var value: cl_ulong = 0
    let size = MemoryLayout<cl_ulong>.size
    try check(
      apus_clGetEventProfilingInfo(handle, cl_profiling_info(name), size, &value, nil), "clGetEventProfilingInfo")
    return value
  }
}
