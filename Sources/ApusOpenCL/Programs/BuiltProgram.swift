import COpenCL

/// A program compiled for one device.
package final class BuiltProgram {
  let handle: cl_program
  let context: OpenCLContext
  /// Whether it came from the cache.
  package let wasCached: Bool

  /// Options of every program: the language version, no warnings (rendered text may compare a value with itself), and
  /// exact division and roots where the device has them. No fast-math option ever: those delete checks for NaN and
  /// infinite masks.
  static func options(for device: OpenCLDevice) -> String {
    "-cl-std=CL1.2 -w" + (device.hasCorrectlyRoundedDivision ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
  }

  /// Compiles a source text, or takes it from the cache.
  ///
  /// - Throws: `build` with the compiler's log.
  package init(_ context: OpenCLContext, source: String, cache: ProgramCache?) throws(OpenCLError) {
    self.context = context
    let device = context.device
    let options = BuiltProgram.options(for: device)
    let cache = device.cachesPrograms ? nil : cache
    let key = ProgramCache.Key(source: source, options: options, device: device)

    if let binary = cache?.load(key), let program = BuiltProgram.load(binary, context, options) {
      handle = program
      wasCached = true
      return
    }

    let text = Array(source.utf8CString)
    handle = try checked("clCreateProgramWithSource") { code in
      apus_clCreateProgramWithSource(context.handle, text, text.count - 1, &code)
    }
    wasCached = false
    let code = apus_clBuildProgram(handle, device.handle.pointer, options)
    guard code == CL_SUCCESS else {
      let log = BuiltProgram.log(handle, device)
      throw OpenCLError.build(
        device: device.name, log: log.isEmpty ? OpenCLError.name(ofCode: code) : log, source: source)
    }
    if let cache, let binary = binary() { cache.store(binary, key) }
  }

  deinit { _ = apus_clReleaseProgram(handle) }

  /// A program from a cached binary; nil when the driver does not want it.
  private static func load(_ binary: [UInt8], _ context: OpenCLContext, _ options: String) -> cl_program? {
    var status: cl_int = CL_SUCCESS
    var code: cl_int = CL_SUCCESS
    let device = context.device.handle.pointer
    let program = apus_clCreateProgramWithBinary(context.handle, device, binary, binary.count, &status, &code)
    guard let program else { return nil }
    if code == CL_SUCCESS, status == CL_SUCCESS, apus_clBuildProgram(program, device, options) == CL_SUCCESS {
      return program
    }
    _ = apus_clReleaseProgram(program)
    return nil
  }

  private static func log(_ program: cl_program, _ device: OpenCLDevice) -> String {
    let name = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    guard apus_clGetProgramBuildInfo(program, device.handle.pointer, name, 0, nil, &size) == CL_SUCCESS, size > 0
    else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard apus_clGetProgramBuildInfo(program, device.handle.pointer, name, size, &bytes, nil) == CL_SUCCESS
    else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The compiled form; nil when the driver does not give it.
  private func binary() -> [UInt8]? {
    var size = 0
    let sizes = cl_program_info(CL_PROGRAM_BINARY_SIZES)
    guard apus_clGetProgramInfo(handle, sizes, MemoryLayout<Int>.size, &size, nil) == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let code = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return apus_clGetProgramInfo(
        handle, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    return code == CL_SUCCESS ? bytes : nil
  }
}
