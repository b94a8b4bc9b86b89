import COpenCL

/// What went wrong in OpenCL, where, and what to do about it.
public enum OpenCLError: Error, Sendable, Hashable {
  /// No OpenCL library with a platform was found; the text says what was tried.
  case unavailable(String)
  /// No device answers to the selection; the second text lists those there are.
  case noSuchDevice(selection: String, available: [String])
  /// A call returned an error code; the text says for what it was made.
  case call(String, code: Int32, context: String)
  /// A program did not build.
  case build(device: String, log: String, source: String)
  /// A kernel was asked for more than the device can do, or launched with wrong arguments.
  case launch(kernel: String, String)
  /// The device's memory cannot hold what was asked for.
  case outOfMemory(requested: Int, limit: Int, String)
}

extension OpenCLError: CustomStringConvertible {
  /// What went wrong, where, and what to do, in one line (and the compiler's log after it, where there is one).
  public var description: String {
    switch self {
    case .unavailable(let tried):
      return "OpenCL is not available (\(tried)). Install a driver, such as pocl-opencl-icd, or use the device cpu."
    case .noSuchDevice(let selection, let available):
      let list = available.isEmpty ? "there is none" : "there are: " + available.joined(separator: "; ")
      return "no OpenCL device matches '\(selection)'; \(list)."
    case .call(let name, let code, let context):
      let place = context.isEmpty ? "" : " (\(context))"
      return "\(name)\(place) failed with \(OpenCLError.name(ofCode: code))\(OpenCLError.advice(forCode: code))"
    case .build(let device, let log, _):
      return "an OpenCL program does not build on \(device); the compiler says:\n\(log)"
    case .launch(let kernel, let reason):
      return "the OpenCL kernel \(kernel) cannot run: \(reason)"
    case .outOfMemory(let requested, let limit, let advice):
      return "\(requested) bytes of OpenCL memory do not fit into \(limit): \(advice)"
    }
  }
}

extension OpenCLError {
  /// The name of an OpenCL error code, as the specification spells it.
  public static func name(ofCode code: Int32) -> String {
    names[code] ?? "error code \(code)"
  }

  private static func advice(forCode code: Int32) -> String {
    switch code {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY:
      ": use a smaller batch or model, or close other programs on the device."
    case CL_DEVICE_NOT_AVAILABLE: ": the device is in use or was switched off."
    case CL_INVALID_WORK_GROUP_SIZE, CL_INVALID_KERNEL_ARGS, CL_INVALID_ARG_SIZE, CL_INVALID_VALUE:
      ": this is a fault in Apus; please report it."
    default: "."
    }
  }

  private static let names: [Int32: String] = [
    CL_DEVICE_NOT_FOUND: "CL_DEVICE_NOT_FOUND",
    CL_DEVICE_NOT_AVAILABLE: "CL_DEVICE_NOT_AVAILABLE",
    CL_COMPILER_NOT_AVAILABLE: "CL_COMPILER_NOT_AVAILABLE",
    CL_MEM_OBJECT_ALLOCATION_FAILURE: "CL_MEM_OBJECT_ALLOCATION_FAILURE",
    CL_OUT_OF_RESOURCES: "CL_OUT_OF_RESOURCES",
    CL_OUT_OF_HOST_MEMORY: "CL_OUT_OF_HOST_MEMORY",
    CL_PROFILING_INFO_NOT_AVAILABLE: "CL_PROFILING_INFO_NOT_AVAILABLE",
    CL_MEM_COPY_OVERLAP: "CL_MEM_COPY_OVERLAP",
    CL_BUILD_PROGRAM_FAILURE: "CL_BUILD_PROGRAM_FAILURE",
    CL_MAP_FAILURE: "CL_MAP_FAILURE",
    CL_MISALIGNED_SUB_BUFFER_OFFSET: "CL_MISALIGNED_SUB_BUFFER_OFFSET",
    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
    CL_COMPILE_PROGRAM_FAILURE: "CL_COMPILE_PROGRAM_FAILURE",
    CL_LINKER_NOT_AVAILABLE: "CL_LINKER_NOT_AVAILABLE",
    CL_LINK_PROGRAM_FAILURE: "CL_LINK_PROGRAM_FAILURE",
    CL_KERNEL_ARG_INFO_NOT_AVAILABLE: "CL_KERNEL_ARG_INFO_NOT_AVAILABLE",
    CL_INVALID_VALUE: "CL_INVALID_VALUE",
    CL_INVALID_DEVICE_TYPE: "CL_INVALID_DEVICE_TYPE",
    CL_INVALID_PLATFORM: "CL_INVALID_PLATFORM",
    CL_INVALID_DEVICE: "CL_INVALID_DEVICE",
    CL_INVALID_CONTEXT: "CL_INVALID_CONTEXT",
    CL_INVALID_QUEUE_PROPERTIES: "CL_INVALID_QUEUE_PROPERTIES",
    CL_INVALID_COMMAND_QUEUE: "CL_INVALID_COMMAND_QUEUE",
    CL_INVALID_HOST_PTR: "CL_INVALID_HOST_PTR",
    CL_INVALID_MEM_OBJECT: "CL_INVALID_MEM_OBJECT",
    CL_INVALID_BINARY: "CL_INVALID_BINARY",
    CL_INVALID_BUILD_OPTIONS: "CL_INVALID_BUILD_OPTIONS",
    CL_INVALID_PROGRAM: "CL_INVALID_PROGRAM",
    CL_INVALID_PROGRAM_EXECUTABLE: "CL_INVALID_PROGRAM_EXECUTABLE",
    CL_INVALID_KERNEL_NAME: "CL_INVALID_KERNEL_NAME",
    CL_INVALID_KERNEL_DEFINITION: "CL_INVALID_KERNEL_DEFINITION",
    CL_INVALID_KERNEL: "CL_INVALID_KERNEL",
    CL_INVALID_ARG_INDEX: "CL_INVALID_ARG_INDEX",
    CL_INVALID_ARG_VALUE: "CL_INVALID_ARG_VALUE",
    CL_INVALID_ARG_SIZE: "CL_INVALID_ARG_SIZE",
    CL_INVALID_KERNEL_ARGS: "CL_INVALID_KERNEL_ARGS",
    CL_INVALID_WORK_DIMENSION: "CL_INVALID_WORK_DIMENSION",
    CL_INVALID_WORK_GROUP_SIZE: "CL_INVALID_WORK_GROUP_SIZE",
    CL_INVALID_WORK_ITEM_SIZE: "CL_INVALID_WORK_ITEM_SIZE",
    CL_INVALID_GLOBAL_OFFSET: "CL_INVALID_GLOBAL_OFFSET",
    CL_INVALID_EVENT_WAIT_LIST: "CL_INVALID_EVENT_WAIT_LIST",
    CL_INVALID_EVENT: "CL_INVALID_EVENT",
    CL_INVALID_OPERATION: "CL_INVALID_OPERATION",
    CL_INVALID_BUFFER_SIZE: "CL_INVALID_BUFFER_SIZE",
    CL_INVALID_GLOBAL_WORK_SIZE: "CL_INVALID_GLOBAL_WORK_SIZE",
    CL_INVALID_PROPERTY: "CL_INVALID_PROPERTY",
    CL_INVALID_COMPILER_OPTIONS: "CL_INVALID_COMPILER_OPTIONS",
    CL_INVALID_LINKER_OPTIONS: "CL_INVALID_LINKER_OPTIONS",
    -1001: "CL_PLATFORM_NOT_FOUND_KHR",
    -9999: "an illegal read or write by a kernel (code -9999)",
  ]
}

/// Throws unless a call succeeded.
func check(_ code: cl_int, _ call: String, _ context: @autoclosure () -> String = "") throws(OpenCLError) {
  guard code == CL_SUCCESS else { throw OpenCLError.call(call, code: code, context: context()) }
}

/// The object that a call made, or its error.
func checked<Object>(
  _ call: String, _ context: @autoclosure () -> String = "", _ body: (inout cl_int) -> Object?
) throws(OpenCLError) -> Object {
  var code: cl_int = CL_SUCCESS
  let object = body(&code)
  guard code == CL_SUCCESS, let object else {
    throw OpenCLError.call(call, code: code == CL_SUCCESS ? CL_INVALID_VALUE : code, context: context())
  }
  return object
}
