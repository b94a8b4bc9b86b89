import ApusCompiler
import ApusExpression
import ApusGraph
import ApusOptimizers

/// Turns a program's instructions into launches.
struct LaunchPlanner {
  let device: OpenCLDevice
  let buffers: [OpenCLBuffer]
  let workspaces: [OpenCLBuffer]
  /// A float of 1: the gradients' scale where there is no clipping.
  let one: MemoryRange
  /// Free during each instruction; nil while sizes are being measured.
  let scratch: MemoryRange?

  // MARK: Operands

  func memory(_ slice: BufferSlice) -> MemoryRange {
    let buffer =
      switch slice.location {
      case .workspace(let slab): workspaces[slab]
      case .buffer(let position): buffers[position]
      }
    let size = slice.elementType.byteCount
    return MemoryRange(buffer, offset: slice.offset * size, size: slice.count * size)
  }

  private func view(_ slice: BufferSlice, _ shape: [Int], _ strides: [Int]? = nil) -> TensorView {
    TensorView(memory(slice), ElementType(slice.elementType), shape: shape, strides: strides)
  }

  /// The arguments of a launch that move with a step's offsets.
  func movingArguments(
    of launch: PlannedLaunch, _ instruction: Instruction
  ) -> [(argument: Int, slice: BufferSlice, memory: MemoryRange, stride: Int)] {
    let moving = (instruction.inputs + instruction.outputs).filter { $0.dynamicOffset != nil }
    guard !moving.isEmpty else { return [] }
    return launch.arguments.indices.compactMap { position in
      guard case .memory(let range, let stride) = launch.arguments[position] else { return nil }
      let found = moving.first { slice in
        let base = memory(slice)
        return base.buffer === range.buffer && base.offset == range.offset
      }
      return found.map { (position, $0, range, stride) }
    }
  }

  // MARK: Instructions

  /// The bytes that an instruction needs beside its operands.
  func scratchSize(_ instruction: Instruction) -> Int {
    switch instruction.kernel {
    case .matrixProduct(let kernel):
      products(kernel, instruction, epilogue: .input(0), extras: []).map {
        $0.scratchSize($0.bestVariant(for: device))
      }.max() ?? 0
    case .reduction(let kernel):
      reduction(kernel, instruction).scratchSize(device)
    case .softmax(let rows), .logSumExp(let rows):
      // The rows' maxima and sums, and what reducing them needs.
      3 * rows.rows.paddedToAlignment * 4
        + rowReduction(instruction, rows, .maximum, to: memory(instruction.outputs[0]))
        .scratchSize(device)
    default: 0
    }
  }

  /// The launches of an instruction, in order.
  func plan(_ instruction: Instruction, _ builder: inout ProgramBuilder) throws(OpenCLError) -> [PlannedLaunch] {
    let inputs = instruction.inputs
    let output = instruction.outputs[0]
    switch instruction.kernel {
    case .pointwise(let kernel):
      return [try pointwise(kernel, instruction).plan(device, &builder)]
    case .matrixProduct(let kernel):
      return try matrixProduct(kernel, instruction, &builder)
    case .reduction(let kernel):
      return try reduction(kernel, instruction).plan(device, scratch: scratch, &builder)
    case .argmax(let rows):
      let search = ArgMax(input: view(inputs[0], [rows.rows, rows.columns, 1]), output: memory(output))
      return [try search.plan(device, &builder)]
    case .softmax(let rows):
      return try softmax(instruction, rows, isLogSum: false, &builder)
    case .logSumExp(let rows):
      return try softmax(instruction, rows, isLogSum: true, &builder)
    case .softmaxCrossEntropy(let rows):
      let loss = SoftmaxCrossEntropy(
        logits: view(inputs[0], [rows.rows, rows.columns]), labels: memory(inputs[1]))
      return [try loss.planLosses(memory(output), device, &builder)]
    case .softmaxCrossEntropyGradient(let rows):
      let loss = SoftmaxCrossEntropy(
        logits: view(inputs[0], [rows.rows, rows.columns]), labels: memory(inputs[1]))
      return [
        try loss.planGradient(
          view(output, [rows.rows, rows.columns]), upstream: view(inputs[2], [rows.rows]), device, &builder)
      ]
    case .gather(let kernel):
      return try gather(kernel, instruction, &builder)
    case .scatterAdd(let kernel):
      let table = view(output, [kernel.tableRows, kernel.columns])
      let zero = Pointwise([0], outputs: [table], inputs: [])
      let scatter = ScatterAdd(
        input: view(inputs[0], [kernel.rows, kernel.columns]), indices: memory(inputs[1]), table: table)
      return [try zero.plan(device, &builder), try scatter.plan(device, &builder)]
    case .convolution, .pool, .poolGradient, .attention, .attentionGradient, .sparseRows, .sparseProduct,
      .sparseProductGradient, .augmentation:
      throw .launch(kernel: instruction.kernel.name, "it has no OpenCL form yet")
    case .update(let kernel):
      return [try update(kernel.optimizer, kernel.count, instruction, &builder)]
    }
  }

  private func pointwise(_ kernel: PointwiseKernel, _ instruction: Instruction) -> AnyPointwise {
    let output = view(instruction.outputs[0], kernel.extents, kernel.outputStrides)
    let inputs = zip(instruction.inputs, kernel.inputStrides).map { view($0, kernel.extents, $1) }
    if kernel.expression == .input(0), let input = inputs.first, input.element == output.element,
      output.element.size == 4
    {
      return .copy(StridedCopy(input, to: output))
    }
    return .chain(Pointwise([kernel.expression], outputs: [output], inputs: inputs))
  }

  private enum AnyPointwise {
    case copy(StridedCopy)
    case chain(Pointwise)

    func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
      switch self {
      case .copy(let copy): try copy.plan(device, &builder)
      case .chain(let chain): try chain.plan(device, &builder)
      }
    }
  }

  private func reduction(_ kernel: ReductionKernel, _ instruction: Instruction) -> Reduction {
    let extents = kernel.kept + kernel.reduced
    let inputs = instruction.inputs.enumerated().map { position, slice in
      view(slice, extents, kernel.keptStrides[position] + kernel.reducedStrides[position])
    }
    return Reduction(
      kernel.kind == .sum ? .sum : .maximum, of: kernel.prologue, inputs: inputs,
      axes: Set(kernel.kept.count..<extents.count), output: memory(instruction.outputs[0]))
  }

  private func gather(
    _ kernel: GatherKernel, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let extras = zip(instruction.inputs.dropFirst(2), kernel.extras).map {
      view($0, [kernel.rows, kernel.columns], [$1.rowStride, $1.columnStride])
    }
    let rows = GatherRows(
      table: view(instruction.inputs[0], [kernel.tableRows, kernel.columns], [kernel.rowStride, 1]),
      indices: memory(instruction.inputs[1]),
      output: view(instruction.outputs[0], [kernel.rows, kernel.columns]), epilogue: kernel.epilogue ?? .input(0),
      inputs: extras)
    return [try rows.plan(device, &builder)]
  }

  private func update<Rule: Optimizer>(
    _ rule: Rule.Type, _ count: Int, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let update = OptimizerUpdate(
      parameters: memory(instruction.outputs[0]), gradients: memory(instruction.inputs[0]),
      state: instruction.outputs.dropFirst().map(memory),
      gradientScale: instruction.inputs.count > 1 ? memory(instruction.inputs[1]) : one, count: count)
    return try update.plan(rule, device, &builder)
  }
}

// MARK: - Rows

extension LaunchPlanner {
  private func rowReduction(
    _ instruction: Instruction, _ rows: RowKernel, _ kind: Reduction.Kind, to output: MemoryRange
  ) -> Reduction {
    let logits = view(instruction.inputs[0], [rows.rows, rows.columns])
    guard kind == .sum, let maxima = scratchRows(0, rows) else {
      return Reduction(kind, inputs: [logits], axes: [1], output: output)
    }
    return Reduction(
      .sum, of: .exp(.input(0) - .input(1)), inputs: [logits, maxima.repeated(rows.columns)], axes: [1],
      output: output, finish: .log(.input(0)))
  }

  private func scratchRows(_ place: Int, _ rows: RowKernel) -> TensorView? {
    scratch.map {
      TensorView($0.range(at: place * rows.rows.paddedToAlignment * 4, size: rows.rows * 4), shape: [rows.rows])
    }
  }

  /// `max`, then `log Σ exp(x − max)`, then either their sum or `exp(x − max − log Σ)`.
  private func softmax(
    _ instruction: Instruction, _ rows: RowKernel, isLogSum: Bool, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard let scratch, let maxima = scratchRows(0, rows), let sums = scratchRows(1, rows) else { return [] }
    let used = 2 * rows.rows.paddedToAlignment * 4
    let rest = scratch.range(at: used, size: scratch.size - used)
    var launches = try rowReduction(instruction, rows, .maximum, to: maxima.memory)
      .plan(device, scratch: rest, &builder)
    launches += try rowReduction(instruction, rows, .sum, to: sums.memory).plan(device, scratch: rest, &builder)
    let output = instruction.outputs[0]
    let chain =
      isLogSum
      ? Pointwise([.input(0) + .input(1)], outputs: [view(output, [rows.rows])], inputs: [maxima, sums])
      : Pointwise(
        [.exp(.input(0) - .input(1) - .input(2))], outputs: [view(output, [rows.rows, rows.columns])],
        inputs: [
          view(instruction.inputs[0], [rows.rows, rows.columns]), maxima.repeated(rows.columns),
          sums.repeated(rows.columns),
        ])
    launches.append(try chain.plan(device, &builder))
    return launches
  }
}

// MARK: - Matrix products

extension LaunchPlanner {
  /// One product for each position of all batch axes but the longest, over which it is batched.
  private func products(
    _ kernel: MatrixProductKernel, _ instruction: Instruction, epilogue: Expression,
    extras: [(slice: BufferSlice, matrix: MatrixProductKernel.Matrix)]
  ) -> [MatrixProduct] {
    let inner = kernel.batch.indices.max { kernel.batch[$0] < kernel.batch[$1] }
    var offsets: [[Int]] = [[]]
    for axis in kernel.batch.indices {
      offsets = offsets.flatMap { prefix in
        (axis == inner ? 0..<1 : 0..<kernel.batch[axis]).map { prefix + [$0] }
      }
    }
    return offsets.map { position in
      func start(_ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix) -> MemoryRange {
        let whole = memory(slice)
        let skipped = zip(position, matrix.batchStrides).reduce(0) { $0 + $1.0 * $1.1 } * slice.elementType.byteCount
        return whole.range(at: skipped, size: whole.size - skipped)
      }
      func operand(
        _ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix, rows: Int, columns: Int
      ) -> MatrixProduct.Operand {
        var (rowStride, columnStride) = (matrix.rowStride, matrix.columnStride)
        // An axis of extent 1 is contiguous in whatever way is wanted.
        if rows == 1 && columnStride != 1 { rowStride = 1 }
        if columns == 1 && rowStride != 1 { columnStride = 1 }
        if rowStride == 0 { rowStride = columns }
        if columnStride == 0 { columnStride = 1 }
        return MatrixProduct.Operand(
          start(slice, matrix), rowStride: rowStride, columnStride: columnStride,
          batchStride: inner.map { matrix.batchStrides[$0] } ?? 0)
      }
      let batch = inner.map { kernel.batch[$0] } ?? 1
      return MatrixProduct(
        m: kernel.m, n: kernel.n, k: kernel.k, batch: batch,
        a: operand(instruction.inputs[0], kernel.left, rows: kernel.m, columns: kernel.k),
        b: operand(instruction.inputs[1], kernel.right, rows: kernel.k, columns: kernel.n),
        c: MatrixProduct.Operand(
          start(instruction.outputs[0], kernel.output), rowStride: kernel.output.rowStride, columnStride: 1,
          batchStride: inner.map { kernel.output.batchStrides[$0] } ?? 0),
        epilogue: epilogue,
        inputs: extras.map { slice, matrix in
          TensorView(
            start(slice, matrix), ElementType(slice.elementType), shape: [batch, kernel.m, kernel.n],
            strides: [inner.map { matrix.batchStrides[$0] } ?? 0, matrix.rowStride, matrix.columnStride])
        })
    }
  }

  func matrixProduct(
    _ kernel: MatrixProductKernel, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let extras = Array(zip(instruction.inputs.dropFirst(2), kernel.extras)).map { (slice: $0, matrix: $1) }
    let epilogue = kernel.epilogue ?? .input(0)
    // An epilogue that loads columns far apart, or numbers its elements over several batch axes, runs by itself.
    let isSeparate =
      extras.contains { $0.matrix.columnStride > 1 && kernel.n > 1 } || (epilogue.isRandom && kernel.batch.count > 1)
    var launches: [PlannedLaunch] = []
    for product in products(
      kernel, instruction, epilogue: isSeparate ? .input(0) : epilogue, extras: isSeparate ? [] : extras)
    {
      launches += try product.plan(device, scratch: scratch, &builder)
    }
    if isSeparate {
      let extents = kernel.batch + [kernel.m, kernel.n]
      func whole(_ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix) -> TensorView {
        view(slice, extents, matrix.batchStrides + [matrix.rowStride, matrix.columnStride])
      }
      let result = whole(instruction.outputs[0], kernel.output)
      let chain = Pointwise(
        [epilogue], outputs: [result], inputs: [result] + extras.map { whole($0.slice, $0.matrix) })
      launches.append(try chain.plan(device, &builder))
    }
    return launches
  }
}

extension TensorView {
  /// A column of rows, repeated along a new last axis.
  fileprivate func repeated(_ columns: Int) -> TensorView {
    TensorView(memory, element, shape: shape + [columns], strides: strides + [0])
  }
}

extension ElementType {
  init(_ type: ApusGraph.ElementType) {
    switch type {
    case .float32: self = .float32
    case .int32: self = .int32
    case .uint8: self = .uint8
    }
  }
}
