import COpenCL

/// A value for one or two parameters of a kernel.
package enum KernelArgument {
  /// A buffer and, as the parameter that follows it, the range's start in elements of `stride` bytes (a `ulong`).
  case memory(MemoryRange, stride: Int)
  case int(Int32)
  case uint(UInt32)
  case ulong(UInt64)
  case float(Float)

  /// Memory of 4-byte elements, floats or ints.
  package static func memory(_ range: MemoryRange) -> KernelArgument { .memory(range, stride: 4) }

  /// A count or stride that fits an `int` in every plan that has been checked.
  static func int(_ value: Int) -> KernelArgument { .int(Int32(clamping: value)) }

  /// How many parameters it fills.
  var parameters: Int { if case .memory = self { 2 } else { 1 } }
}

/// One kernel object: the code and the arguments that it was last given.
final class Kernel {
  let name: String
  let handle: cl_kernel
  /// The largest work-group that this kernel can run with on its device.
  let largestWorkGroup: Int

  private let program: BuiltProgram
  /// The memory that the arguments point to, by parameter: kept alive as long as the kernel may run.
  private var memory: [Int: OpenCLBuffer] = [:]
  /// The bit pattern that each parameter was last set to.
  private var values: [Int: UInt64] = [:]

  init(_ program: BuiltProgram, _ name: String) throws(OpenCLError) {
    self.program = program
    self.name = name
    handle = try checked("clCreateKernel", name) { code in
      apus_clCreateKernel(program.handle, name, &code)
    }
    var limit = 0
    let code = apus_clGetKernelWorkGroupInfo(
      handle, program.context.device.handle.pointer, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE),
      MemoryLayout<Int>.size, &limit, nil)
    largestWorkGroup = limit
    if code != CL_SUCCESS {
      _ = apus_clReleaseKernel(handle)
      throw OpenCLError.call("clGetKernelWorkGroupInfo", code: code, context: name)
    }
  }

  deinit { _ = apus_clReleaseKernel(handle) }

  /// Sets the parameters from `index` on that belong to an argument, unless they hold these values already.
  func set(_ index: Int, _ argument: KernelArgument) throws(OpenCLError) {
    switch argument {
    case .memory(let range, let stride):
      if memory[index] !== range.buffer {
        var pointer: cl_mem? = range.buffer.handle
        try check(
          apus_clSetKernelArg(handle, cl_uint(index), MemoryLayout<cl_mem?>.size, &pointer), "clSetKernelArg",
          "\(name), parameter \(index)")
        memory[index] = range.buffer
      }
      try set(index + 1, UInt64(range.offset / stride), bits: UInt64(range.offset / stride))
    case .int(let value): try set(index, value, bits: UInt64(UInt32(bitPattern: value)))
    case .uint(let value): try set(index, value, bits: UInt64(value))
    case .ulong(let value): try set(index, value, bits: value)
    case .float(let value): try set(index, value, bits: UInt64(value.bitPattern))
    }
  }

  private func set<Value: BitwiseCopyable>(_ index: Int, _ value: Value, bits: UInt64) throws(OpenCLError) {
    guard values[index] != bits else { return }
    var value = value
    try check(
      apus_clSetKernelArg(handle, cl_uint(index), MemoryLayout<Value>.size, &value), "clSetKernelArg",
      "\(name), parameter \(index)")
    values[index] = bits
  }
}
