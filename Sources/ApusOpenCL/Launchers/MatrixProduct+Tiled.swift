extension MatrixProduct {
  func planTiled(
    tile: Int, splits: Int, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let isATransposed = a.columnStride != 1
    let isBTransposed = b.columnStride != 1
    let aStride = isATransposed ? a.columnStride : a.rowStride
    let bStride = isBTransposed ? b.rowStride == 1 ? b.columnStride : b.rowStride : b.rowStride
    // Whole steps, so that only the last slice ends inside one.
    let step = 1024 / tile
    let kSlice = k.divided(by: splits).divided(by: step) * step
    let isExact = m % tile == 0 && n % tile == 0 && k % step == 0
    var parameters = ParameterList([
      .size(m), .size(n), .size(k), .size(splits), .size(kSlice), .memory(a.memory), .elements(a.batchStride),
      .elements(aStride), .memory(b.memory), .elements(b.batchStride), .elements(bStride), .memory(c.memory),
      .elements(c.batchStride), .elements(batch * m * n), .elements(c.rowStride),
    ])
    if let rowSums { parameters.add("row_sums", rowSums, .float32, isWritten: true) }
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "matmul_tiled",
        macros: [
          "TILE": "\(tile)", "A_TRANSPOSED": isATransposed ? "1" : "0", "B_TRANSPOSED": isBTransposed ? "1" : "0",
          "ALIGNED": isAligned(a, stride: aStride) && isAligned(b, stride: bStride) ? "1" : "0",
          "EXACT": isExact ? "1" : "0", "ROW_SUMS": rowSums == nil ? "0" : "1",
        ], regions: text.regions("arguments", "rows", "vector", "scalar")))
    return PlannedLaunch(
      suffix.name(of: "matmul_tiled"), parameters.arguments,
      groups: [n.divided(by: tile), m.divided(by: tile), batch * splits], local: [16, 16, 1], names: parameters.names)
  }

  /// Whether every fourth float of every line lies at a multiple of 16 bytes.
  func isAligned(_ operand: Operand, stride: Int) -> Bool {
    stride % 4 == 0 && operand.batchStride % 4 == 0 && operand.memory.offset % 16 == 0
  }
}
