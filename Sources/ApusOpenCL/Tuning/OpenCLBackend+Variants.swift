import ApusCompiler

/// An instruction's variants on a device, in text form.
public struct InstructionVariants: Sendable, Hashable {
  /// What the findings are kept under.
  public let shape: String
  /// What is used where nothing was measured.
  public let ruled: String
  /// All that are right, the ruled one among them.
  public let candidates: [String]
}

extension OpenCLBackend {
  /// The variants that an instruction can be run by; nil where there is nothing to choose.
  ///
  /// - Parameters:
  ///   - program: an isolated instruction (`Instruction.isolated`).
  ///   - buffers: its buffers, made by this backend.
  public func variants(
    of program: Program, buffers: [String: any DeviceBuffer]
  ) throws(DeviceError) -> InstructionVariants? {
    guard let instruction = program.instructions.first, program.instructions.count == 1 else { return nil }
    let bound = try bind(program, buffers)
    return try DeviceError.wrapping(device.name) { () throws(OpenCLError) in
      let one = try OpenCLBuffer(context, size: 4)
      let planner = LaunchPlanner(
        device: device, buffers: bound, workspaces: [], one: MemoryRange(one), scratch: nil,
        precision: program.precision)
      switch instruction.kernel {
      case .matrixProduct(let kernel):
        return planner.products(kernel, instruction).products.first.flatMap(variants)
      case .convolution(let kernel):
        return variants(planner.product(kernel, instruction))
      default: return nil
      }
    }
  }

  private func variants(_ tunable: some Tunable) -> InstructionVariants? {
    let candidates = tunable.candidates(for: device)
    guard candidates.count > 1 else { return nil }
    return InstructionVariants(
      shape: tunable.tuningKey, ruled: tunable.ruledVariant(for: device).description,
      candidates: candidates.map(\.description))
  }
}
