import ApusExpression

/// The tile of C that a work-item of a processor keeps in registers: about 24 vectors of 16.
package struct WideTile: Hashable {
  package let m: Int
  package let n: Int

  /// The tile for a shape; within it where an operand is not packed.
  package init(m: Int, n: Int, packsA: Bool, packsB: Bool) {
    if n < 32 && (packsB || n >= 16) {
      self.n = 16
    } else if m <= 2 && n >= 128 {
      self.n = 128
    } else if m <= 5 && n >= 64 {
      self.n = 64
    } else {
      self.n = 32
    }
    // The height that wastes the fewest rows at the lower edge; the taller of two.
    let heights = m >= 12 ? Array(8...12) : [max(1, min(m, 12))]
    self.m = heights.min { ($0.waste(of: m), -$0) < ($1.waste(of: m), -$1) } ?? 1
  }
}

extension Int {
  /// What tiles of this size compute beyond a length.
  fileprivate func waste(of length: Int) -> Int { length.divided(by: self) * self - length }
}

extension MatrixProduct {
  /// The rows from which it matters that A is read once.
  private static let manyRows = 256
  /// What stays in a second-level cache beside other things: a megabyte.
  private static let cacheFloats = 1 << 18

  func planWide(
    _ device: OpenCLDevice, packsA: Bool, packsB: Bool, splits: Int, scratch: MemoryRange?,
    _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let tile = WideTile(m: m, n: n, packsA: packsA, packsB: packsB)
    guard packsB || (b.columnStride == 1 && n >= tile.n), packsA || m >= tile.m else {
      throw OpenCLError.launch(kernel: "matmul_wide", "this shape needs its operands packed.")
    }
    var launches: [PlannedLaunch] = []
    var free = 0
    func pack(_ operand: Operand, lines: Int, tile: Int, isA: Bool) throws(OpenCLError) -> MemoryRange {
      guard let scratch else { throw OpenCLError.launch(kernel: "matmul_pack", "it has no scratch memory.") }
      let isBatched = operand.batchStride != 0
      let elements = panelElements(lines, tile, isBatched: isBatched)
      let panels = scratch.range(at: free * 4, size: elements * 4)
      free += elements.paddedToAlignment
      let lineStride = isA ? operand.rowStride : operand.columnStride
      let kStride = isA ? operand.columnStride : operand.rowStride
      let isAdjacent = lineStride == 1
      let fetches = isAdjacent && FetchAhead.operand(device, elements: elements)
      let suffix = try builder.add(
        KernelInstance(
          template: "matmul_pack",
          macros: ["TILE": "\(tile)", "LINES_ADJACENT": isAdjacent ? "1" : "0", "AHEAD": fetches ? "1" : "0"]))
      // What is contiguous is read from end to end.
      let panelCount = lines.divided(by: tile)
      let (panelsPerItem, stepsPerItem) = isAdjacent ? (panelCount, 16) : (1, 256)
      let arguments: [KernelArgument] = [
        .size(lines), .size(k), .size(panelsPerItem), .size(stepsPerItem), .memory(operand.memory),
        .elements(operand.batchStride), .elements(lineStride), .elements(kStride), .memory(panels),
      ]
      launches.append(
        PlannedLaunch(
          suffix.name(of: "matmul_pack"), arguments,
          groups: [panelCount.divided(by: panelsPerItem), k.divided(by: stepsPerItem), isBatched ? batch : 1],
          local: [1, 1, 1]))
      return panels
    }

    let kSlice = k.divided(by: splits)
    var fixed: [KernelArgument] = [.size(m), .size(n), .size(k), .size(splits), .size(kSlice)]
    let rowsAdjacent: Bool
    if packsA {
      rowsAdjacent = true
      let batchStride = a.batchStride == 0 ? 0 : panelElements(m, tile.m, isBatched: false)
      fixed += [.memory(try pack(a, lines: m, tile: tile.m, isA: true)), .elements(batchStride)]
      fixed += [.elements(tile.m * k), .elements(1), .elements(tile.m)]
    } else {
      rowsAdjacent = a.rowStride == 1
      fixed += [.memory(a.memory), .elements(a.batchStride), .elements(tile.m * a.rowStride)]
      fixed += [.elements(a.rowStride), .elements(a.columnStride)]
    }
    if packsB {
      let batchStride = b.batchStride == 0 ? 0 : panelElements(n, tile.n, isBatched: false)
      fixed += [.memory(try pack(b, lines: n, tile: tile.n, isA: false)), .elements(batchStride)]
      fixed += [.elements(tile.n * k), .elements(tile.n)]
    } else {
      fixed += [.memory(b.memory), .elements(b.batchStride), .elements(tile.n), .elements(b.rowStride)]
    }
    fixed += [.memory(c.memory), .elements(c.batchStride), .elements(batch * m * n), .elements(c.rowStride)]

    // What neighbours share stays in the caches, so that the larger operand is read once. Where the caches hold the operands
    // but not the result, its rows are written from end to end.
    let writesMost = m * n > MatrixProduct.cacheFloats && k * (m + n) < MatrixProduct.cacheFloats
    let sharesRows = (m > n && m >= MatrixProduct.manyRows) || writesMost
    var parameters = ParameterList(fixed)
    if let rowSums { parameters.add("row_sums", rowSums, .float32, isWritten: true) }
    let text = epilogue.text(&parameters, store: "vstore16")
    let fetchesOutput = FetchAhead.output(device, steps: kSlice)
    let fetches = fetchesOutput || (FetchAhead.next(device) && !text.fetches.isEmpty)
    let suffix = try builder.add(
      KernelInstance(
        template: "matmul_wide",
        macros: [
          "TILE_M": "\(tile.m)", "TILE_N": "\(tile.n)", "A_ROWS_ADJACENT": rowsAdjacent ? "1" : "0",
          "A_PACKED": packsA ? "1" : "0", "B_PACKED": packsB ? "1" : "0", "ROWS_SHARED": sharesRows ? "1" : "0",
          "AHEAD": fetches ? "1" : "0", "FETCHES_C": fetchesOutput ? "1" : "0", "ROW_SUMS": rowSums == nil ? "0" : "1",
        ], regions: text.regions("arguments", "fetches", "rows", "vector", "scalar")))
    let (rows, columns) = (m.divided(by: tile.m), n.divided(by: tile.n))
    launches.append(
      PlannedLaunch(
        suffix.name(of: "matmul_wide"), parameters.arguments,
        groups: (sharesRows ? [columns, rows] : [rows, columns]) + [batch * splits], local: [1, 1, 1],
        names: parameters.names))
    return launches
  }

  /// The tile of the dot variant along a dimension: 5, or 4 or 6 where that wastes less.
  private static func dotTile(_ length: Int) -> Int {
    [5, 4].filter { $0 <= length }.min { ($0.waste(of: length), -$0) < ($1.waste(of: length), -$1) } ?? length
  }

  func planDot(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    guard a.columnStride == 1, b.rowStride == 1, k >= 16 else {
      throw OpenCLError.launch(kernel: "matmul_dot", "its operands are not contiguous along K, or K is below 16.")
    }
    let tileM = MatrixProduct.dotTile(m)
    let tileN = MatrixProduct.dotTile(n)
    var parameters = ParameterList([
      .size(m), .size(n), .size(k), .memory(a.memory), .elements(a.batchStride), .elements(a.rowStride),
      .memory(b.memory), .elements(b.batchStride), .elements(b.columnStride), .memory(c.memory),
      .elements(c.batchStride), .elements(c.rowStride),
    ])
    let text = epilogue.text(&parameters, store: "")
    let suffix = try builder.add(
      KernelInstance(
        template: "matmul_dot",
        macros: [
          "TILE_M": "\(tileM)", "TILE_N": "\(tileN)",
          "AHEAD": FetchAhead.operand(device, elements: n * k) ? "1" : "0",
        ],
        regions: text.regions("arguments", "rows", "scalar")))
    return PlannedLaunch(
      suffix.name(of: "matmul_dot"), parameters.arguments,
      groups: [m.divided(by: tileM), n.divided(by: tileN), batch], local: [1, 1, 1], names: parameters.names)
  }
}

extension KernelArgument {
  /// A count that is below 2³², as every dimension is.
  static func size(_ value: Int) -> KernelArgument { .uint(UInt32(clamping: value)) }

  /// A stride or count that may need 64 bits.
  static func elements(_ value: Int) -> KernelArgument { .ulong(UInt64(value)) }
}
