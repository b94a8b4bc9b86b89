import ApusCompiler
import ApusExpression

/// Plans products of matrices, one or a batch, with a pointwise chain on their elements.
package struct MatrixProduct {
  /// A matrix, or a batch of equal ones, of which one dimension is contiguous.
  package struct Operand {
    var memory: MemoryRange
    /// In elements.
    var rowStride: Int
    /// In elements; this or `rowStride` is 1, and neither is 0.
    var columnStride: Int
    /// From one matrix of the batch to the next, in elements; 0 for one matrix that serves them all.
    var batchStride: Int

    package init(_ memory: MemoryRange, rowStride: Int, columnStride: Int, batchStride: Int = 0) {
      self.memory = memory
      self.rowStride = rowStride
      self.columnStride = columnStride
      self.batchStride = batchStride
    }
  }

  /// The shape: `[m, k] · [k, n]`.
  let m: Int
  let n: Int
  let k: Int
  let batch: Int
  /// `[m, k]`.
  let a: Operand
  /// `[k, n]`.
  let b: Operand
  /// `[m, n]`, contiguous along its rows.
  let c: Operand
  /// What is written.
  let epilogue: Epilogue
  /// What operands are rounded to.
  let precision: Precision
  /// Where the sum of each of A's rows goes, `[m]`, if it is wanted; only with variants that `sumRows`.
  package var rowSums: MemoryRange?

  /// - Parameters:
  ///   - epilogue: what is written: an expression of the product, input 0, and further inputs.
  ///   - inputs: inputs 1, 2, … of the epilogue: floats of shape `[m, n]` or `[batch, m, n]`, broadcast by strides of
  ///     0, with a column stride of 0 or 1.
  ///   - precision: what operands are rounded to; all but float32 need a device with tensor cores.
  package init(
    m: Int, n: Int, k: Int, batch: Int = 1, a: Operand, b: Operand, c: Operand, epilogue: Expression = .input(0),
    inputs: [TensorView] = [], precision: Precision = .float32
  ) {
    self.precision = precision
    self.m = m
    self.n = n
    self.k = k
    self.batch = batch
    self.a = a
    self.b = b
    self.c = c
    self.epilogue = Epilogue(expression: epilogue, inputs: inputs.map { $0.batched(batch) })
  }

  /// How a product is computed.
  package enum Variant: Sendable, Hashable {
    /// For processors: tiles of vectors. Either operand may be packed first; K may be cut into slices.
    case wide(packsA: Bool, packsB: Bool, splits: Int)
    /// For processors: both operands contiguous along K.
    case dot
    /// For graphics processors: tiles of `tile`², `tile / 16` squared of it per work-item; K may be cut into slices.
    case tiled(tile: Int, splits: Int)
    /// For tensor cores: tiles of `tile`², `tile / 2` by 32 of it per warp; K may be cut into slices.
    case tensor(tile: Int, splits: Int)

    /// Into how many slices K is cut.
    var splits: Int {
      switch self {
      case .wide(_, _, let splits), .tiled(_, let splits), .tensor(_, let splits): splits
      case .dot: 1
      }
    }
  }

  /// Whether a variant can compute the sums of A's rows beside the product. A large tile's work-items have no registers left
  /// for them.
  package func sumsRows(_ variant: Variant) -> Bool {
    guard batch == 1, variant.splits == 1 else { return false }
    return switch variant {
    case .wide(let packsA, _, _): packsA || a.rowStride == 1
    case .tiled(let tile, _): tile <= 64 && a.columnStride != 1
    case .dot, .tensor: false
    }
  }

  /// The memory that a variant needs beside the operands, in bytes.
  package func scratchSize(_ variant: Variant) -> Int {
    var elements = variant.splits > 1 ? (variant.splits * batch * m * n).paddedToAlignment : 0
    if case .wide(let packsA, let packsB, _) = variant {
      let tile = WideTile(m: m, n: n, packsA: packsA, packsB: packsB)
      if packsA { elements += panelElements(m, tile.m, isBatched: a.batchStride != 0).paddedToAlignment }
      if packsB { elements += panelElements(n, tile.n, isBatched: b.batchStride != 0).paddedToAlignment }
    }
    return elements * 4
  }

  func panelElements(_ lines: Int, _ tile: Int, isBatched: Bool) -> Int {
    lines.divided(by: tile) * tile * k * (isBatched ? batch : 1)
  }

  /// Adds the kernels to a program and plans their launches.
  ///
  /// Changing arguments, on the last launch: each uniform `n` of the epilogue as `uN`; `key0`, `key1` and `step`.
  ///
  /// - Parameters:
  ///   - variant: nil for the one that suits the device and shape, `bestVariant(for:)`.
  ///   - scratch: at least `scratchSize` bytes, free during the product.
  package func plan(
    _ device: OpenCLDevice, _ variant: Variant? = nil, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let variant = variant ?? bestVariant(for: device)
    try validate(variant, scratch)
    guard rowSums == nil || sumsRows(variant) else {
      throw OpenCLError.launch(kernel: "matmul", "this variant does not sum rows.")
    }
    guard variant.splits > 1, let scratch else {
      return try planProduct(variant, device, scratch: scratch, &builder)
    }

    // The slices' sums come first in the scratch memory, then the packed operands.
    let slice = batch * m * n
    let sumsSize = (variant.splits * slice).paddedToAlignment * 4
    let sums = scratch.range(at: 0, size: variant.splits * slice * 4)
    let partial = MatrixProduct(
      m: m, n: n, k: k, batch: batch, a: a, b: b,
      c: Operand(sums, rowStride: n, columnStride: 1, batchStride: m * n), precision: precision)
    var launches = try partial.planProduct(
      variant, device, scratch: scratch.range(at: sumsSize, size: scratch.size - sumsSize), &builder)
    launches.append(try sumOfSlices(variant.splits, sums).plan(device, &builder))
    return launches
  }

  private func planProduct(
    _ variant: Variant, _ device: OpenCLDevice, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    switch variant {
    case .wide(let packsA, let packsB, let splits):
      try planWide(device, packsA: packsA, packsB: packsB, splits: splits, scratch: scratch, &builder)
    case .dot: [try planDot(device, &builder)]
    case .tiled(let tile, let splits): [try planTiled(tile: tile, splits: splits, &builder)]
    case .tensor(let tile, let splits): [try planTensor(device, tile: tile, splits: splits, &builder)]
    }
  }

  /// The second pass: the slices' sums are added in their order, then the epilogue.
  private func sumOfSlices(_ splits: Int, _ sums: MemoryRange) -> Pointwise {
    let shape = [batch, m, n]
    let slice = batch * m * n * 4
    let slices = (0..<splits).map { TensorView(sums.range(at: $0 * slice, size: slice), shape: shape) }
    let total = (1..<splits).reduce(Expression.input(0)) { $0 + .input($1) }
    let expression = epilogue.expression.replacing { part in
      guard case .input(let index) = part.node else { return nil }
      return index == 0 ? total : .input(splits + index - 1)
    }
    let output = TensorView(c.memory, shape: shape, strides: [c.batchStride, c.rowStride, 1])
    return Pointwise([expression], outputs: [output], inputs: slices + epilogue.inputs)
  }

  private func validate(_ variant: Variant, _ scratch: MemoryRange?) throws(OpenCLError) {
    let isContiguous = [a, b].allSatisfy { $0.rowStride == 1 || $0.columnStride == 1 } && c.columnStride == 1
    guard isContiguous else {
      throw OpenCLError.launch(kernel: "matmul", "an operand is contiguous along neither dimension; copy it first.")
    }
    try epilogue.validate("matmul")
    let needed = scratchSize(variant)
    guard needed <= scratch?.size ?? 0 else {
      throw OpenCLError.launch(kernel: "matmul", "it needs \(needed) bytes of scratch memory.")
    }
  }
}

extension TensorView {
  /// With three dimensions, the first of them the batch.
  func batched(_ batch: Int) -> TensorView {
    guard shape.count == 2 else { return self }
    return TensorView(memory, element, shape: [batch] + shape, strides: [0] + strides)
  }
}

extension Int {
  /// In elements of 4 bytes, up to the next place where memory may begin.
  var paddedToAlignment: Int { divided(by: SlabLayout.alignment / 4) * (SlabLayout.alignment / 4) }
}
