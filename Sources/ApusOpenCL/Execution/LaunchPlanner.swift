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
  /// What matrix products are computed in.
  let precision: Precision

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

  func view(_ slice: BufferSlice, _ shape: [Int], _ strides: [Int]? = nil) -> TensorView {
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
      max(
        products(kernel, instruction).products.map { $0.scratchSize($0.bestVariant(for: device)) }.max() ?? 0,
        kernel.sumsRows ? rowSums(kernel, instruction).scratchSize(device) : 0)
    case .reduction(let kernel):
      reduction(kernel, instruction.inputs, instruction.outputs).scratchSize(device)
    case .convolution(let kernel):
      convolutionScratchSize(kernel, instruction)
    case .attention(let shape):
      attentionScratchSize(shape, instruction, isGradient: false)
    case .attentionGradient(let shape):
      attentionScratchSize(shape, instruction, isGradient: true)
    case .sparseProductGradient(let kernel):
      SparseMatrix.gradientScratchSize(kernel)
    case .pointwise, .rowChain, .argmax, .softmax, .logSumExp, .softmaxCrossEntropy, .gather, .scatterAdd, .pool,
      .poolGradient, .sparseRows, .sparseProduct, .augmentation, .update:
      0
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
      return try reduction(kernel, instruction.inputs, instruction.outputs).plan(device, scratch: scratch, &builder)
    case .rowChain(let kernel):
      return [try rowChain(kernel, instruction).plan(device, &builder)]
    case .argmax(let rows):
      let search = ArgMax(input: view(inputs[0], [rows.rows, rows.columns, 1]), output: memory(output))
      return [try search.plan(device, &builder)]
    case .softmax(let rows):
      let softmax = SoftmaxRows(logits: view(inputs[0], [rows.rows, rows.columns]))
      return [try softmax.planProbabilities(view(output, [rows.rows, rows.columns]), device, &builder)]
    case .logSumExp(let rows):
      let softmax = SoftmaxRows(logits: view(inputs[0], [rows.rows, rows.columns]))
      return [try softmax.planLogSums(memory(output), device, &builder)]
    case .softmaxCrossEntropy(let kernel):
      return [try crossEntropy(kernel, instruction, &builder)]
    case .gather(let kernel):
      return try gather(kernel, instruction, &builder)
    case .scatterAdd(let kernel):
      let table = view(output, [kernel.tableRows, kernel.columns])
      let zero = Pointwise([0], outputs: [table], inputs: [])
      let scatter = ScatterAdd(
        input: view(inputs[0], [kernel.rows, kernel.columns]), indices: memory(inputs[1]), table: table)
      return [try zero.plan(device, &builder), try scatter.plan(device, &builder)]
    case .convolution(let kernel):
      return try convolution(kernel, instruction, &builder)
    case .pool(let shape):
      return [try Pooling(shape).plan(memory(inputs[0]), to: memory(output), device, &builder)]
    case .poolGradient(let shape):
      let input = inputs.count > 1 ? memory(inputs[1]) : nil
      return [
        try Pooling(shape).planGradient(memory(inputs[0]), input: input, to: memory(output), device, &builder)
      ]
    case .attention(let shape):
      let heads = AttentionHeads(shape, packed: memory(inputs[0]))
      return [try heads.plan(to: memory(output), device, scratch: scratch, &builder)]
    case .attentionGradient(let shape):
      return try AttentionHeads(shape, packed: memory(inputs[0])).planGradient(
        result: memory(inputs[1]), upstream: memory(inputs[2]), to: memory(output), device, scratch: scratch, &builder)
    case .sparseRows(let kernel):
      return [
        try SparseMatrix.planRows(
          kernel, starts: memory(inputs[0]), entries: view(inputs[1], [kernel.entryCount]), picks: memory(inputs[2]),
          output: view(output, [kernel.rows, kernel.length]), device, &builder)
      ]
    case .sparseProduct(let kernel):
      return [
        try SparseMatrix.planProduct(
          kernel, columns: memory(inputs[0]), values: memory(inputs[1]), table: memory(inputs[2]),
          output: memory(output), device, &builder)
      ]
    case .sparseProductGradient(let kernel):
      return try SparseMatrix.planGradient(
        kernel, columns: memory(inputs[0]), values: memory(inputs[1]), upstream: memory(inputs[2]),
        output: memory(output), scratch: scratch, device, &builder)
    case .augmentation(let kernel):
      let augmentation = ImageAugmentation(kernel, input: memory(inputs[0]), output: memory(output))
      return [try augmentation.plan(device, &builder)]
    case .update(let kernel):
      return [try update(kernel.optimizer, kernel.count, instruction, &builder)]
    }
  }

  private func pointwise(_ kernel: PointwiseKernel, _ instruction: Instruction) -> AnyPointwise {
    let outputs = instruction.outputs.map { view($0, kernel.extents, kernel.outputStrides) }
    let inputs = zip(instruction.inputs, kernel.inputStrides).map { view($0, kernel.extents, $1) }
    if kernel.expressions == [.input(0)], let input = inputs.first, input.element == outputs[0].element,
      input.element.size == 4
    {
      return .copy(StridedCopy(input, to: outputs[0]))
    }
    return .chain(Pointwise(kernel.expressions, outputs: outputs, inputs: inputs))
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

  func reduction(_ kernel: ReductionKernel, _ inputs: [BufferSlice], _ outputs: [BufferSlice]) -> Reduction {
    let extents = kernel.kept + kernel.reduced
    let views = inputs.enumerated().map { position, slice in
      view(slice, extents, kernel.keptStrides[position] + kernel.reducedStrides[position])
    }
    return Reduction(
      kernel.kind == .sum ? .sum : .maximum, of: kernel.prologues, inputs: views,
      axes: Set(kernel.kept.count..<extents.count), outputs: outputs.map(memory))
  }

  private func rowChain(_ kernel: RowChainKernel, _ instruction: Instruction) -> RowChain {
    RowChain(
      kernel,
      inputs: zip(instruction.inputs, kernel.operands).map {
        view($0, [kernel.rows, kernel.columns], [$1.rowStride, $1.columnStride])
      }, outputs: instruction.outputs.map(memory))
  }

  private func crossEntropy(
    _ kernel: CrossEntropyKernel, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let (inputs, outputs) = (instruction.inputs, instruction.outputs)
    let shape = [kernel.rows, kernel.columns]
    let loss = SoftmaxCrossEntropy(logits: view(inputs[0], shape), labels: memory(inputs[1]))
    let gradient = kernel.upstream.map { upstream in
      let place = view(outputs[outputs.count - 1], shape)
      return switch upstream {
      case .constant(let value): SoftmaxCrossEntropy.Gradient(place, upstream: .constant(value))
      case .operand: SoftmaxCrossEntropy.Gradient(place, upstream: .rows(view(inputs[2], [kernel.rows])))
      }
    }
    return try loss.plan(losses: kernel.hasLosses ? memory(outputs[0]) : nil, gradient: gradient, device, &builder)
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

extension ElementType {
  init(_ type: ApusGraph.ElementType) {
    switch type {
    case .float32: self = .float32
    case .int32: self = .int32
    case .uint8: self = .uint8
    }
  }
}
