import COpenCL

/// A device made ready for work: its context and its one in-order queue.
///
/// Everything that is made from a context keeps it alive. A context and what is made from it belong to one
/// thread at a time.
public final class OpenCLContext {
  /// The device.
  public let device: OpenCLDevice
  /// The queue that all work goes through.
  package let queue: CommandQueue

  let owner: ContextOwner
  var handle: cl_context { owner.handle }

  /// Makes a device ready.
  ///
  /// - Parameter profiling: keeps the device's times of every command, for `queue.profile`.
  public init(_ device: OpenCLDevice, profiling: Bool = false) throws(OpenCLError) {
    self.device = device
    owner = try ContextOwner(device)
    queue = try CommandQueue(owner, device: device, profiling: profiling)
  }
}

/// The one owner of a `cl_context`.
final class ContextOwner {
  let handle: cl_context

  init(_ device: OpenCLDevice) throws(OpenCLError) {
    let properties: [cl_context_properties] = [
      cl_context_properties(CL_CONTEXT_PLATFORM), cl_context_properties(Int(bitPattern: device.platform.pointer)), 0,
    ]
    handle = try checked("clCreateContext", device.name) { code in
      apus_clCreateContext(properties, device.handle.pointer, &code)
    }
  }

  deinit { _ = apus_clReleaseContext(handle) }
}
