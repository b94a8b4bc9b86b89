import ApusExpression
import ApusGraph
import ApusOptimizers

/// Computations as instructions: geometry collapsed, storage planned, addresses bound.
struct Emission {
  /// A launch whose operands are still computations.
  struct Launch {
    let kernel: Kernel
    let inputs: [Source]
    let outputs: [Source]
    let label: String
  }

  /// Where an operand is, before the memory plan.
  enum Source {
    /// A stretch of a computation's result, from an element on.
    case value(Int, offset: Int, count: Int)
    case bound(BufferSlice)
  }

  private let computations: [Computation?]
  private let siblingChains: SiblingChains
  private let siblingReductions: SiblingReductions
  private let siblingLosses: SiblingLosses
  private let siblingSums: SiblingSums
  private let rowChains: RowChains
  /// The computations that are read by others than the members of their row chain, or are outputs.
  private let wanted: Set<Int>
  private var launches: [Launch] = []
  /// Where each computation's storage is, for those that are not in the workspace.
  private var bound: [Int: BufferSlice] = [:]
  private var scratchTypes: [Int: (elementType: ElementType, count: Int)] = [:]

  init(_ fusion: Fusion, bound: [Int: BufferSlice]) {
    computations = fusion.computations
    self.bound = bound
    siblingChains = fusion.siblings
    let rowChains = RowChains(computations, besides: siblingChains)
    self.rowChains = rowChains
    siblingReductions = SiblingReductions(computations, besides: rowChains)
    siblingLosses = SiblingLosses(computations, besides: rowChains)
    siblingSums = SiblingSums(computations, siblingReductions)
    wanted = fusion.outputs.union(
      computations.enumerated().flatMap { index, computation in
        (computation?.operands ?? []).map(\.node).filter { rowChains.place(of: $0) != rowChains.place(of: index) }
      })
    for (index, computation) in computations.enumerated() {
      if let computation, !computation.isLeaf { emit(index, computation) }
    }
  }

  // MARK: Launches

  private func source(_ operand: Computation.Operand) -> Source {
    source(operand.node, operand.layout)
  }

  private func source(_ node: Int, _ layout: Layout) -> Source {
    if let slice = bound[node] {
      return .bound(
        BufferSlice(
          location: slice.location, elementType: slice.elementType, offset: slice.offset + layout.offset,
          count: layout.span, dynamicOffset: slice.dynamicOffset))
    }
    return .value(node, offset: layout.offset, count: layout.span)
  }

  private mutating func emit(_ index: Int, _ computation: Computation) {
    let shape = computation.type.shape
    let whole = source(index, Layout(contiguous: shape))
    /// A launch that computes the whole result, unless outputs say otherwise.
    func append(_ kernel: Kernel, _ inputs: [Computation.Operand], outputs: [Source]? = nil) {
      launches.append(
        Launch(
          kernel: kernel, inputs: inputs.map(source), outputs: outputs ?? [whole],
          label: "\(kernel.name) \(computation.type) \(computation.location)"))
    }
    if rowChains.contains(index) {
      guard let chain = rowChains.chain(inPlaceOf: index) else { return }
      let (kernel, results) = chain.launch(wanted: wanted)
      append(
        .rowChain(kernel), chain.operands,
        outputs: results.compactMap { node in
          computations[node].map { source(node, Layout(contiguous: $0.type.shape)) }
        })
      return
    }
    switch computation.body {
    case .input, .parameter, .statistic:
      return
    case .pointwise:
      guard let (members, chains) = siblingChains.launch(of: index, in: computations) else { return }
      let output = Layout(contiguous: shape)
      append(
        .pointwise(PointwiseKernel(chains, output: output)), chains.operands,
        outputs: members.map { source($0, output) })
    case .matrixProduct(let left, let right, let epilogue):
      var kernel = MatrixProductKernel(left.layout, right.layout, epilogue, shape)
      var outputs = [whole]
      if let sums = siblingSums.sums(of: index) {
        kernel.sumsRows = true
        outputs.append(source(sums, Layout(contiguous: [kernel.m])))
      }
      append(.matrixProduct(kernel), computation.operands, outputs: outputs)
    case .reduction(let kind, let axes, _):
      if siblingSums.isJoined(index) { return }
      guard let group = siblingReductions.group(startingAt: index) else { return }
      append(
        .reduction(ReductionKernel(kind, axes, group)), group.operands,
        outputs: group.members.map { source($0, Layout(contiguous: shape)) })
    case .rows(let operation, let operands):
      let extents = operands[0].layout.extents
      let columns = extents.last ?? 1
      let rows = RowKernel(rows: extents.reduce(1, *) / columns, columns: columns)
      if siblingLosses.isJoined(index) { return }
      guard let gradient = siblingLosses.gradient(of: index) else {
        append(operation.kernel(rows), operands)
        return
      }
      let kernel = Kernel.softmaxCrossEntropy(
        CrossEntropyKernel(rows: rows.rows, columns: rows.columns, hasLosses: true, upstream: gradient.upstream))
      launches.append(
        Launch(
          kernel: kernel, inputs: gradient.operands.map(source),
          outputs: [whole, source(gradient.node, Layout(contiguous: Shape(extents)))],
          label: "\(kernel.name) \(extents) \(computation.location)"))
    case .gather(let table, let indices, let windowLength, let epilogue):
      let rows = indices.layout.count
      let kernel = GatherKernel(
        rows: rows, columns: shape.count / rows, tableRows: table.layout.extents[0] - (windowLength ?? 1) + 1,
        rowStride: windowLength == nil ? shape.count / rows : 1,
        epilogue: epilogue?.expression ?? (computations[table.node]?.type.elementType == .uint8 ? .input(0) : nil),
        extras: (epilogue?.operands ?? []).compactMap {
          $0.layout.matrix(splitAt: indices.layout.extents.count)
        })
      append(.gather(kernel), computation.operands)
    case .scatterAdd(let values, let indices, let tableRows):
      let rows = indices.layout.count
      let kernel = ScatterAddKernel(rows: rows, columns: values.layout.count / rows, tableRows: tableRows)
      append(.scatterAdd(kernel), computation.operands)
    case .convolution(let pass, let extents, _, _, let epilogue):
      let kernel = ConvolutionKernel(
        pass: pass, shape: extents, epilogue: epilogue?.expression,
        extras: (epilogue?.operands ?? []).compactMap(\.layout.images))
      append(.convolution(kernel), computation.operands)
    case .whole(let operation, let operands):
      append(operation.kernel, operands)
    case .assembly(let parts, _):
      if parts.reduce(0, { $0 + $1.destination.count }) < shape.count {
        let zero = Computation.Chain(expression: 0, operands: [])
        append(.pointwise(PointwiseKernel(zero, output: Layout(contiguous: shape))), [])
      }
      for part in parts {
        launches.append(
          Launch(
            kernel: .pointwise(PointwiseKernel(part.chain, output: part.destination)),
            inputs: part.chain.operands.map(source),
            outputs: [source(index, part.destination)],
            label:
              "\(part.chain.expression == .input(0) ? "copy" : "pointwise") \(computation.type) \(computation.location)"
          ))
      }
    }
  }

  /// A copy of an operand into a bound stretch, for outputs that could not be computed in place.
  mutating func copy(_ operand: Computation.Operand, to slice: BufferSlice, label: String) {
    let shape = Shape(operand.layout.extents)
    let chain = Computation.Chain(expression: .input(0), operands: [operand])
    launches.append(
      Launch(
        kernel: .pointwise(PointwiseKernel(chain, output: Layout(contiguous: shape))), inputs: [source(operand)],
        outputs: [.bound(slice)], label: label))
  }

  /// The optimizer's launches: the clipping scale when there is a largest norm, then the update; two updates where
  /// weight decay leaves a part of the parameters alone.
  mutating func update(
    _ update: ProgramInterface.Update, _ arena: ParameterArena, parameters: BufferSlice, gradients: BufferSlice,
    states: [BufferSlice]
  ) {
    var scale: [Source] = []
    if let maximumNorm = update.maximumNorm {
      let sum = computations.count
      let factor = computations.count + 1
      scratchTypes[sum] = (.float32, 1)
      scratchTypes[factor] = (.float32, 1)
      let reduction = ReductionKernel(
        kind: .sum, prologues: [.square(.input(0))], kept: [1], reduced: [gradients.count], keptStrides: [[0]],
        reducedStrides: [[1]])
      launches.append(
        Launch(
          kernel: .reduction(reduction), inputs: [.bound(gradients)], outputs: [.value(sum, offset: 0, count: 1)],
          label: "gradient norm"))
      let chain = Computation.Chain(
        expression: GlobalNormClipping.scale(sumOfSquares: .input(0), maximumNorm: Expression(maximumNorm)),
        operands: [.init(node: sum, layout: Layout(contiguous: []))])
      launches.append(
        Launch(
          kernel: .pointwise(PointwiseKernel(chain, output: Layout(contiguous: []))),
          inputs: [.value(sum, offset: 0, count: 1)], outputs: [.value(factor, offset: 0, count: 1)],
          label: "clipping scale"))
      scale = [.value(factor, offset: 0, count: 1)]
    }
    func append(_ range: Range<Int>, decays: Bool, label: String) {
      guard !range.isEmpty else { return }
      launches.append(
        Launch(
          kernel: .update(UpdateKernel(optimizer: update.optimizer, count: range.count, decays: decays)),
          inputs: [.bound(gradients.part(range))] + scale,
          outputs: ([parameters] + states).map { .bound($0.part(range)) }, label: label))
    }
    let label = "update \(update.optimizer.name)"
    switch update.decayed {
    case .all: append(0..<arena.count, decays: true, label: label)
    case .matrices:
      append(0..<arena.matrixCount, decays: true, label: label)
      append(arena.matrixCount..<arena.count, decays: false, label: label + " without decay")
    }
  }

  // MARK: Storage

  /// The finished instructions with the plan of their intermediate values.
  func planned(maximumSlab: Int) -> (instructions: [Instruction], plan: MemoryPlan) {
    // A value lives from its first launch to its last; an elementwise launch may write over an operand that it
    // reads for the last time, element for element.
    var lastUse: [Int: Int] = [:]
    for (position, launch) in launches.enumerated() {
      for case .value(let node, _, _) in launch.inputs + launch.outputs { lastUse[node] = position }
    }
    var values: [MemoryPlan.Value] = []
    var storage: [Int: Int] = [:]
    for (position, launch) in launches.enumerated() {
      var taken: Set<Int> = []
      for case .value(let node, _, _) in launch.outputs where storage[node] == nil {
        if let reused = reusableInput(of: launch, at: position, for: node, lastUse: lastUse, taken: taken),
          let value = storage[reused]
        {
          taken.insert(reused)
          storage[node] = value
          values[value].lastUse = lastUse[node] ?? position
        } else {
          storage[node] = values.count
          values.append(
            .init(byteCount: byteCount(node), firstUse: position, lastUse: lastUse[node] ?? position))
        }
      }
    }
    let plan = MemoryPlan(values, maximumSlab: maximumSlab)
    func slice(_ source: Source) -> BufferSlice {
      switch source {
      case .bound(let slice): return slice
      case .value(let node, let offset, let count):
        let type = elementType(node)
        let place = plan.places[storage[node] ?? 0]
        return BufferSlice(
          location: .workspace(place.slab), elementType: type, offset: place.offset / type.byteCount + offset,
          count: count)
      }
    }
    let instructions = launches.map { launch in
      Instruction(
        kernel: launch.kernel, inputs: launch.inputs.map(slice), outputs: launch.outputs.map(slice),
        label: launch.label)
    }
    return (instructions, plan)
  }

  private func elementType(_ node: Int) -> ElementType {
    scratchTypes[node]?.elementType ?? computations[node]?.type.elementType ?? .float32
  }

  private func byteCount(_ node: Int) -> Int {
    if let scratch = scratchTypes[node] { return scratch.count * scratch.elementType.byteCount }
    guard let type = computations[node]?.type else { return 0 }
    return type.shape.count * type.elementType.byteCount
  }

  private func reusableInput(of launch: Launch, at position: Int, for node: Int, lastUse: [Int: Int], taken: Set<Int>)
    -> Int?
  {
    let elements: Int
    let inputStrides: [[Int]]
    let outputStrides: [Int]
    switch launch.kernel {
    case .pointwise(let kernel):
      (elements, inputStrides, outputStrides) = (kernel.count, kernel.inputStrides, kernel.outputStrides)
    case .rowChain(let kernel):
      elements = kernel.rows * kernel.columns
      inputStrides = kernel.operands.map { [$0.rowStride, $0.columnStride] }
      outputStrides = [kernel.columns, 1]
    default: return nil
    }
    for case .value(let input, 0, let count) in launch.inputs
    where lastUse[input] == position && !taken.contains(input) && count == elements
      && byteCount(input) == byteCount(node)
    {
      let isElementwise = zip(launch.inputs, inputStrides).allSatisfy { source, strides in
        guard case .value(input, _, _) = source else { return true }
        return strides == outputStrides
      }
      if isElementwise { return input }
    }
    return nil
  }
}

extension Computation.RowOperation {
  fileprivate func kernel(_ rows: RowKernel) -> Kernel {
    switch self {
    case .argmax: .argmax(rows)
    case .softmax: .softmax(rows)
    case .logSumExp: .logSumExp(rows)
    case .softmaxCrossEntropy:
      .softmaxCrossEntropy(
        CrossEntropyKernel(rows: rows.rows, columns: rows.columns, hasLosses: true, upstream: nil))
    case .softmaxCrossEntropyGradient(let upstream):
      .softmaxCrossEntropy(
        CrossEntropyKernel(rows: rows.rows, columns: rows.columns, hasLosses: false, upstream: upstream))
    }
  }
}
