import ApusExpression
import ApusGraph

/// Graph nodes as computations: only what the outputs need, each distinct computation once, movements turned
/// into layouts, constants folded into expressions.
struct Canonicalization {
  /// What a graph node has become.
  enum Symbol: Hashable {
    case constant(Double, Shape)
    case value(Computation.Operand)
  }

  private(set) var computations: [Computation] = []
  private var known: [Computation.Body: Int] = [:]
  private var symbols: [Int: Symbol] = [:]

  init(_ graph: Graph, outputs: [Int]) {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for output in outputs { isNeeded[output] = true }
    for id in graph.nodes.indices.reversed() where isNeeded[id] {
      for operand in graph.nodes[id].operands { isNeeded[operand] = true }
    }
    for id in graph.nodes.indices where isNeeded[id] {
      let node = graph.nodes[id]
      symbols[id] = symbol(for: node, node.operands.map { symbols[$0] ?? .constant(0, []) })
    }
  }

  /// Where an output's elements are; a constant is stored first.
  mutating func operand(forOutput id: Int, of graph: Graph) -> Computation.Operand {
    operand(symbols[id] ?? .constant(0, graph.nodes[id].type.shape), at: graph.nodes[id].location)
  }

  private mutating func add(_ body: Computation.Body, _ type: TensorType, _ location: SourceLocation)
    -> Computation.Operand
  {
    let index: Int
    if let existing = known[body] {
      index = existing
    } else {
      index = computations.count
      computations.append(Computation(body: body, type: type, location: location))
      known[body] = index
    }
    // An equal computation may have kept axes of extent 1 that this one drops.
    return Computation.Operand(node: index, layout: Layout(contiguous: type.shape))
  }

  private mutating func operand(_ symbol: Symbol, at location: SourceLocation) -> Computation.Operand {
    switch symbol {
    case .value(let operand): return operand
    case .constant(let value, let shape):
      // A fill; the extents are told by a type, so equal fills of different shapes stay apart.
      let chain = Computation.Chain(expression: Expression(value), operands: [])
      computations.append(Computation(body: .pointwise(chain), type: TensorType(shape), location: location))
      return Computation.Operand(node: computations.count - 1, layout: Layout(contiguous: shape))
    }
  }

  /// The operand in row-major order, copied if need be.
  private mutating func contiguous(_ symbol: Symbol, at location: SourceLocation) -> Computation.Operand {
    let operand = operand(symbol, at: location)
    return operand.layout.isContiguous ? operand : copy(operand, at: location)
  }

  private mutating func copy(_ operand: Computation.Operand, at location: SourceLocation) -> Computation.Operand {
    add(
      .pointwise(Computation.Chain(expression: .input(0), operands: [operand])),
      TensorType(Shape(operand.layout.extents), computations[operand.node].type.elementType), location)
  }

  /// The operand with unit stride along its last or last but one axis, as matrix products want it.
  private mutating func matrix(_ symbol: Symbol, at location: SourceLocation) -> Computation.Operand {
    let operand = operand(symbol, at: location)
    let rank = operand.layout.extents.count
    let axes = rank - 2..<rank
    let isDense =
      axes.contains { operand.layout.strides[$0] == 1 || operand.layout.extents[$0] == 1 }
      && axes.allSatisfy { operand.layout.strides[$0] != 0 || operand.layout.extents[$0] == 1 }
    return isDense ? operand : copy(operand, at: location)
  }

  private mutating func symbol(for node: Graph.Node, _ operands: [Symbol]) -> Symbol {
    let location = node.location
    let shape = node.type.shape
    switch node.operation {
    case .input(let input):
      return .value(add(.input(input), node.type, location))
    case .parameter(let leaf):
      return .value(add(.parameter(leaf), node.type, location))
    case .statistic(let leaf):
      return .value(add(.statistic(leaf), node.type, location))
    case .constant(let constant):
      return .constant(constant.value, [])
    case .pointwise(let rule):
      return pointwise(rule.expression, operands, node)
    case .matrixProduct(let rule):
      let batch = shape.dimensions.dropLast(2)
      func full(_ operand: Computation.Operand, transposed: Bool) -> Computation.Operand {
        var layout = operand.layout
        let rank = layout.extents.count
        if transposed {
          var order = Array(0..<rank)
          order.swapAt(rank - 1, rank - 2)
          layout = layout.transposed(order)
        }
        layout = layout.broadcast(to: Shape(batch + layout.extents.suffix(2)))
        return Computation.Operand(node: operand.node, layout: layout)
      }
      let left = full(matrix(operands[0], at: location), transposed: rule.transposesLeft)
      let right = full(matrix(operands[1], at: location), transposed: rule.transposesRight)
      return .value(add(.matrixProduct(left: left, right: right, epilogue: nil), node.type, location))
    case .reduction(let rule):
      if case .constant(let value, let source) = operands[0] {
        let repeated = Double(source.count / max(shape.count, 1))
        return .constant(rule.kind == .sum ? value * repeated : value, shape)
      }
      let chain = Computation.Chain(expression: .input(0), operands: [operand(operands[0], at: location)])
      return .value(add(.reduction(rule.kind, axes: rule.axes, chain), node.type, location))
    case .argmax:
      return .value(rows(.argmax, operands, node))
    case .softmax:
      return .value(rows(.softmax, operands, node))
    case .logSumExp:
      return .value(rows(.logSumExp, operands, node))
    case .softmaxCrossEntropy:
      return .value(rows(.softmaxCrossEntropy, operands, node))
    case .softmaxCrossEntropyGradient:
      if case .constant(let upstream, _) = operands[2] {
        let operation = Computation.RowOperation.softmaxCrossEntropyGradient(.constant(Float(upstream)))
        return .value(rows(operation, Array(operands[..<2]), node))
      }
      return .value(rows(.softmaxCrossEntropyGradient(.operand), operands, node))
    case .gather(let rule):
      let table = contiguous(operands[0], at: location)
      let indices = contiguous(operands[1], at: location)
      let body = Computation.Body.gather(
        table: table, indices: indices, windowLength: rule.windowLength, epilogue: nil)
      return .value(add(body, node.type, location))
    case .scatterAdd(let rule):
      let values = contiguous(operands[0], at: location)
      let indices = contiguous(operands[1], at: location)
      return .value(add(.scatterAdd(values: values, indices: indices, rows: rule.rows), node.type, location))
    case .standardization(let rule):
      return pointwise(rule.expression, operands, node)
    case .convolution(let rule):
      // A rule that is violated was reported while tracing, and such a graph is never compiled.
      guard let convolution = try? rule.shape(graphTypes(operands)) else { return .constant(0, shape) }
      return convolutionPass(.forward, convolution, operands, node)
    case .convolutionInputGradient(let rule):
      return convolutionPass(.inputGradient, rule.shape, operands, node)
    case .convolutionWeightGradient(let rule):
      return convolutionPass(.weightGradient, rule.shape, operands, node)
    case .pool(let rule):
      guard let pool = try? rule.shape(graphTypes(operands)[0]) else { return .constant(0, shape) }
      return whole(.pool(pool), operands, node)
    case .poolGradient(let rule):
      return whole(.poolGradient(rule.shape), operands, node)
    case .attention(let rule):
      guard let attention = try? rule.shape(graphTypes(operands)[0]) else { return .constant(0, shape) }
      return whole(.attention(attention), operands, node)
    case .attentionGradient(let rule):
      return whole(.attentionGradient(rule.shape), operands, node)
    case .sparseRows(let rule):
      let types = graphTypes(operands)
      return whole(
        .sparseRows(
          SparseRowsKernel(
            rows: shape[0], length: rule.length, tableRows: types[0].shape[0] - 1, entryCount: types[1].shape[0])),
        operands, node)
    case .sparseProduct, .sparseProductGradient:
      let types = graphTypes(operands)
      let isGradient = if case .sparseProductGradient = node.operation { true } else { false }
      let kernel = SparseProductKernel(
        rows: types[0].shape[0], length: types[0].shape[1], tableRows: isGradient ? shape[0] : types[2].shape[0],
        columns: shape[1])
      return whole(isGradient ? .sparseProductGradient(kernel) : .sparseProduct(kernel), operands, node)
    case .augmentation(let rule):
      return whole(
        .augmentation(
          AugmentationKernel(
            images: shape[0], channels: shape[1], height: shape[2], width: shape[3], rule: rule)), operands, node)
    case .reshape:
      return moved(operands[0], shape, location) { $0.reshaped(to: shape) }
    case .transpose(let rule):
      return moved(operands[0], shape, location) { $0.transposed(rule.permutation) }
    case .broadcast:
      return moved(operands[0], shape, location) { $0.broadcast(to: shape) }
    case .slice(let rule):
      return moved(operands[0], shape, location) { $0.sliced(from: rule.starts, to: shape) }
    case .pad(let rule):
      let part = operand(operands[0], at: location)
      let destination = Layout(contiguous: shape).sliced(from: rule.starts, to: Shape(part.layout.extents))
      return .value(add(.assembly([.init(part, destination: destination)], shape), node.type, location))
    case .concatenate(let rule):
      var start = 0
      var parts: [Computation.Part] = []
      for symbol in operands {
        // What no part covers is zero anyway.
        if case .constant(0, let gap) = symbol {
          start += gap[rule.axis]
          continue
        }
        let part = operand(symbol, at: location)
        var starts = [Int](repeating: 0, count: shape.rank)
        starts[rule.axis] = start
        start += part.layout.extents[rule.axis]
        parts.append(
          .init(
            part,
            destination: Layout(contiguous: shape).sliced(from: starts, to: Shape(part.layout.extents))))
      }
      return .value(add(.assembly(parts, shape), node.type, location))
    }
  }

  /// The operands' types as the graph has them.
  private func graphTypes(_ operands: [Symbol]) -> [TensorType] {
    operands.map { symbol in
      switch symbol {
      case .constant(_, let shape): TensorType(shape)
      case .value(let operand):
        TensorType(Shape(operand.layout.extents), computations[operand.node].type.elementType)
      }
    }
  }

  private mutating func convolutionPass(
    _ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, _ operands: [Symbol], _ node: Graph.Node
  ) -> Symbol {
    let first = contiguous(operands[0], at: node.location)
    let second = contiguous(operands[1], at: node.location)
    return .value(add(.convolution(pass, shape, first, second, epilogue: nil), node.type, node.location))
  }

  private mutating func whole(
    _ operation: Computation.WholeOperation, _ operands: [Symbol], _ node: Graph.Node
  ) -> Symbol {
    var contiguousOperands: [Computation.Operand] = []
    for symbol in operands { contiguousOperands.append(contiguous(symbol, at: node.location)) }
    return .value(add(.whole(operation, contiguousOperands), node.type, node.location))
  }

  private mutating func rows(
    _ operation: Computation.RowOperation, _ operands: [Symbol], _ node: Graph.Node
  ) -> Computation.Operand {
    var contiguousOperands: [Computation.Operand] = []
    for symbol in operands { contiguousOperands.append(contiguous(symbol, at: node.location)) }
    return add(.rows(operation, contiguousOperands), node.type, node.location)
  }

  private mutating func moved(
    _ symbol: Symbol, _ shape: Shape, _ location: SourceLocation, _ move: (Layout) -> Layout?
  ) -> Symbol {
    switch symbol {
    case .constant(let value, _): return .constant(value, shape)
    case .value(let operand):
      if let layout = move(operand.layout) { return .value(.init(node: operand.node, layout: layout)) }
      let copied = copy(operand, at: location)
      return .value(.init(node: copied.node, layout: move(copied.layout) ?? copied.layout))
    }
  }

  private mutating func pointwise(_ expression: Expression, _ operands: [Symbol], _ node: Graph.Node) -> Symbol {
    let shape = node.type.shape
    var used: [Computation.Operand] = []
    var replacements: [Expression] = []
    for symbol in operands {
      switch symbol {
      case .constant(let value, _): replacements.append(Expression(value))
      case .value(let operand):
        let full = Computation.Operand(node: operand.node, layout: operand.layout.broadcast(to: shape))
        if let position = used.firstIndex(of: full) {
          replacements.append(.input(position))
        } else {
          replacements.append(.input(used.count))
          used.append(full)
        }
      }
    }
    let folded = expression.replacing { part in
      if case .input(let index) = part.node { replacements[index] } else { nil }
    }
    if let value = folded.constantValue { return .constant(value, shape) }
    // Folding may have removed an operand (times zero is kept, a selection on constants is not).
    let remaining = folded.inputs
    let compact = folded.renumberingInputs { remaining.firstIndex(of: $0) ?? 0 }
    let kept = remaining.map { used[$0] }
    if compact == .input(0), let only = kept.first, computations[only.node].type.elementType == .float32 {
      return .value(only)
    }
    let type = TensorType(shape)
    // A random chain without operands has its extents in its type alone, so it is never shared.
    if kept.isEmpty {
      computations.append(
        Computation(
          body: .pointwise(.init(expression: compact, operands: [])), type: type, location: node.location))
      return .value(.init(node: computations.count - 1, layout: Layout(contiguous: shape)))
    }
    return .value(add(.pointwise(.init(expression: compact, operands: kept)), type, node.location))
  }
}
