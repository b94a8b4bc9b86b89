import ApusCPUKernels
import ApusCompiler
import Foundation

/// The processor itself, with kernels for its instruction set.
///
/// Work is done when a call returns, so there is nothing to wait for in `synchronize`.
public final class CPUBackend: Backend {
  public let name: String
  let kernels: KernelTable
  let pool: ThreadPool
  private let profiling: Bool
  private let convolutionMethod: ConvolutionMethod

  /// The processor with its best kernels, or those that the environment variable `APUS_CPU` names, and all its cores.
  ///
  /// - Parameter profiling: whether executables measure each launch.
  /// - Throws: `DeviceError` when `APUS_CPU` names no instruction set.
  public convenience init(profiling: Bool = false) throws(DeviceError) {
    if let wish = ProcessInfo.processInfo.environment["APUS_CPU"], InstructionSet(rawValue: wish) == nil {
      let known = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw DeviceError("APUS_CPU is \(wish), which is no instruction set; use one of \(known)")
    }
    self.init(kernels: .chosen, threadCount: ThreadPool.defaultThreadCount, profiling: profiling)
  }

  /// The processor with certain kernels, which it must be able to run.
  package init(
    kernels: KernelTable, threadCount: Int, convolutionMethod: ConvolutionMethod = .fastest, profiling: Bool = false
  ) {
    self.kernels = kernels
    self.convolutionMethod = convolutionMethod
    self.profiling = profiling
    pool = ThreadPool(threadCount: threadCount)
    name = "cpu (\(kernels.instructionSet.rawValue), \(pool.threadCount) threads)"
  }

  public var maximumBufferSize: Int { .max }

  public func refusal(of precision: Precision) -> String? {
    precision == .float32 ? nil : "that takes an NVIDIA GPU with tensor cores"
  }

  public func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    guard byteCount >= 0 else { throw DeviceError("a buffer of \(byteCount) bytes was asked for: \(label)") }
    return try CPUBuffer(byteCount: byteCount, label: label)
  }

  public func makeBuffer(
    sharing bytes: UnsafeRawBufferPointer, owner: AnyObject, label: String
  ) throws(DeviceError) -> (any DeviceBuffer)? {
    bytes.baseAddress.map { CPUBuffer(sharing: $0, byteCount: bytes.count, owner: owner, label: label) }
  }

  public func makeWorkspace() -> any Workspace { CPUWorkspace(pool) }

  public func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable {
    try require(program.precision)
    guard let workspace = workspace as? CPUWorkspace else {
      throw DeviceError("the workspace was made by another device; make it with this backend")
    }
    var bound: [CPUBuffer] = []
    for declaration in program.buffers {
      guard let buffer = buffers[declaration.name] else {
        throw DeviceError("the program needs a buffer \(declaration.name), which was not given")
      }
      guard let buffer = buffer as? CPUBuffer else {
        throw DeviceError("the buffer \(declaration.name) was made by another device; make it with this backend")
      }
      let needed = declaration.count * declaration.elementType.byteCount
      guard buffer.byteCount >= needed else {
        throw DeviceError(
          "the buffer \(declaration.name) has \(buffer.byteCount) bytes, but the program needs \(needed)")
      }
      bound.append(buffer)
    }
    let slabs = try workspace.slabs(program.workspaces)
    let workers = workspace.workers
    var moving: [OperandAddress] = []
    var launches: [any Launch] = []
    for instruction in program.instructions {
      func address(_ slice: BufferSlice) throws(DeviceError) -> OperandAddress {
        let buffer =
          switch slice.location {
          case .workspace(let slab): slabs[slab]
          case .buffer(let position): bound[position]
          }
        let address = try OperandAddress(slice, in: buffer)
        if slice.dynamicOffset != nil { moving.append(address) }
        return address
      }
      var inputs: [OperandAddress] = []
      for slice in instruction.inputs { inputs.append(try address(slice)) }
      var outputs: [OperandAddress] = []
      for slice in instruction.outputs {
        if case .buffer(let position) = slice.location, bound[position].isShared {
          throw DeviceError("the program writes to the buffer \(bound[position].label), which is only to be read")
        }
        outputs.append(try address(slice))
      }
      let context = LaunchContext(
        kernels: kernels, convolutionMethod: convolutionMethod, workers: workers, label: instruction.label,
        inputs: inputs, outputs: outputs)
      launches.append(try context.launch(instruction.kernel))
    }
    return CPUExecutable(
      program, launches: launches, moving: moving, workspaces: slabs, workers: workers, profiling: profiling)
  }

  public func synchronize() {}
}
