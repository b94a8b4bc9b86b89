import ApusCompiler

extension MatrixProduct {
  /// Sixteen words of every line lie in local memory at a time: as many tf32, or twice as many bfloat16.
  private var tensorStep: Int { precision == .bf16 ? 32 : 16 }

  func planTensor(
    _ device: OpenCLDevice, tile: Int, splits: Int, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard precision != .float32, device.tensorCores != .absent else {
      throw OpenCLError.launch(kernel: "matmul_tensor", "there are no tensor cores for \(precision.rawValue).")
    }
    let isATransposed = a.columnStride != 1
    let isBTransposed = b.columnStride != 1
    let aStride = isATransposed ? a.columnStride : a.rowStride
    let bStride = isBTransposed ? b.columnStride : b.rowStride
    // Whole steps, so that only the last slice ends inside one.
    let kSlice = k.divided(by: splits).divided(by: tensorStep) * tensorStep
    var parameters = ParameterList([
      .size(m), .size(n), .size(k), .size(splits), .size(kSlice), .memory(a.memory), .elements(a.batchStride),
      .elements(aStride), .memory(b.memory), .elements(b.batchStride), .elements(bStride), .memory(c.memory),
      .elements(c.batchStride), .elements(batch * m * n), .elements(c.rowStride),
    ])
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "matmul_tensor",
        macros: [
          "TILE": "\(tile)", "A_TRANSPOSED": isATransposed ? "1" : "0", "B_TRANSPOSED": isBTransposed ? "1" : "0",
          "ALIGNED": isAligned(a, stride: aStride) && isAligned(b, stride: bStride) ? "1" : "0",
          "BF16": precision == .bf16 ? "1" : "0", "EMULATE_MMA": device.tensorCores == .emulated ? "1" : "0",
        ], regions: text.regions("arguments", "rows", "vector", "scalar")))
    return PlannedLaunch(
      suffix.name(of: "matmul_tensor"), parameters.arguments,
      groups: [n.divided(by: tile), m.divided(by: tile), batch * splits], local: [2 * tile, 1, 1],
      names: parameters.names)
  }
}
