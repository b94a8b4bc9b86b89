import ApusCPUAVX2
import ApusCPUAVX512
import ApusCPUBaseline
import ApusCPUKernels
import ApusCompiler

/// The processor itself, with kernels for its instruction set.
///
/// Work is done when a call returns, so there is nothing to wait for in `synchronize`.
public final class CPUBackend: Backend {
  public let name: String
  /// The kernels that were chosen.
  package let instructionSet: InstructionSet
  private let kernels: ChainKernelTable
  private let pool: ThreadPool
  private let profiles: Bool

  /// A backend with the kernels of one instruction set, which the processor must have.
  package init(instructionSet: InstructionSet, threadCount: Int, profiles: Bool = false) {
    self.instructionSet = instructionSet
    self.profiles = profiles
    pool = ThreadPool(threadCount: threadCount)
    name = "cpu"
    kernels =
      switch instructionSet {
      case .baseline: ApusCPUBaseline.chainKernels()
      case .avx2: ApusCPUAVX2.chainKernels()
      case .avx512: ApusCPUAVX512.chainKernels()
      }
  }

  public var maximumBufferSize: Int { .max }

  public func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    guard byteCount >= 0 else { throw DeviceError("a buffer of \(byteCount) bytes was asked for: \(label)") }
    return CPUBuffer(byteCount: byteCount, label: label)
  }

  public func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer]
  ) throws(DeviceError) -> any Executable {
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
    let workspaces = program.workspaces.enumerated().map { CPUBuffer(byteCount: $1, label: "workspace \($0)") }
    let workers = Workers(pool)
    var moving: [OperandAddress] = []
    var launches: [any Launch] = []
    for instruction in program.instructions {
      func address(_ slice: BufferSlice) throws(DeviceError) -> OperandAddress {
        let buffer =
          switch slice.location {
          case .workspace(let slab): workspaces[slab]
          case .buffer(let position): bound[position]
          }
        let address = try OperandAddress(slice, in: buffer)
        if slice.dynamicOffset != nil { moving.append(address) }
        return address
      }
      var inputs: [OperandAddress] = []
      for slice in instruction.inputs { inputs.append(try address(slice)) }
      var outputs: [OperandAddress] = []
      for slice in instruction.outputs { outputs.append(try address(slice)) }
      let context = LaunchContext(
        kernels: kernels, workers: workers, label: instruction.label, inputs: inputs, outputs: outputs)
      launches.append(try context.launch(instruction.kernel))
    }
    return CPUExecutable(
      program, launches: launches, moving: moving, workspaces: workspaces, workers: workers, profiles: profiles)
  }

  public func synchronize() {}
}
