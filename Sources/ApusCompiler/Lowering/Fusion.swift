import ApusExpression
import ApusGraph

/// Joins computations so that intermediate values stay in registers.
///
/// In order: a pointwise computation absorbs the pointwise ones that it alone reads; a matrix product, gather or
/// convolution whose only reader is a pointwise computation of its own elements takes it as epilogue; a reduction takes the
/// pointwise computation that it alone reads as prologue; a concatenation has its parts computed right in their places.
/// A node that is an output, or has siblings, is never absorbed.
struct Fusion {
  /// An operand costs a pointer and an address per element; beyond this a chain is cut.
  static let maximumOperands = 10
  /// Beyond this a chain's registers no longer stay in the first-level cache or in a GPU's registers.
  static let maximumSize = 160

  /// The computations; an absorbed one is nil.
  private(set) var computations: [Computation?]
  /// The computations that share launches.
  let siblings: SiblingChains
  /// The computations whose results the program leaves somewhere.
  let outputs: Set<Int>
  /// Whether a computation must exist by itself.
  private let isKept: [Bool]
  private var useCounts: [Int]

  init(_ computations: [Computation], outputs: Set<Int>) {
    self.computations = computations
    let siblings = SiblingChains(computations, outputs: outputs)
    self.siblings = siblings
    self.outputs = outputs
    isKept = computations.indices.map { outputs.contains($0) || siblings.contains($0) }
    useCounts = [Int](repeating: 0, count: computations.count)
    for computation in computations {
      for operand in computation.operands { useCounts[operand.node] += 1 }
    }
    for index in computations.indices { absorbPointwise(into: index) }
    for index in computations.indices { becomeEpilogue(index) }
    for index in computations.indices { absorbPrologue(into: index) }
    for index in computations.indices { absorbParts(into: index) }
  }

  /// Whether node `index` is read once, in full and in its own order, and need not exist by itself.
  private func isAbsorbable(_ operand: Computation.Operand, shape: Shape) -> Bool {
    !isKept[operand.node] && useCounts[operand.node] == 1 && operand.layout.isIdentity(of: shape)
      && computations[operand.node]?.type.shape == shape
  }

  /// - Parameter shape: the computation's, where it becomes another of as many elements; who reads it has its own layout.
  private mutating func replace(
    _ index: Int, with body: Computation.Body, _ shape: Shape? = nil, absorbing absorbed: Int
  ) {
    guard var computation = computations[index] else { return }
    for operand in computation.operands { useCounts[operand.node] -= 1 }
    for operand in computations[absorbed]?.operands ?? [] { useCounts[operand.node] -= 1 }
    computations[absorbed] = nil
    computation.body = body
    if let shape { computation.type = TensorType(shape, computation.type.elementType) }
    computations[index] = computation
    for operand in computation.operands { useCounts[operand.node] += 1 }
  }

  private mutating func absorbPointwise(into index: Int) {
    search: while let computation = computations[index], case .pointwise(let chain) = computation.body {
      for (position, operand) in chain.operands.enumerated() where isAbsorbable(operand, shape: computation.type.shape)
      {
        guard case .pointwise(let inner)? = computations[operand.node]?.body,
          computations[operand.node]?.type.elementType == .float32
        else { continue }
        let joined = chain.inlining(position, inner)
        guard joined.operands.count <= Self.maximumOperands, joined.expression.size <= Self.maximumSize else {
          continue
        }
        replace(index, with: .pointwise(joined), absorbing: operand.node)
        continue search
      }
      return
    }
  }

  private mutating func becomeEpilogue(_ index: Int) {
    // The launch of a product has one result, and siblings want several.
    guard !siblings.contains(index), let computation = computations[index],
      case .pointwise(let chain) = computation.body, computation.type.elementType == .float32
    else { return }
    for (position, operand) in chain.operands.enumerated() {
      // A linear layer multiplies its rows as one matrix: the chain is then one over that matrix too.
      guard let shape = computations[operand.node]?.type.shape, shape.count == computation.type.shape.count,
        operand.layout.isContiguous, let whole = operand.layout.reshaped(to: shape),
        isAbsorbable(.init(node: operand.node, layout: whole), shape: shape)
      else { continue }
      var others: [Computation.Operand] = []
      for (other, operand) in chain.operands.enumerated() where other != position {
        guard let layout = operand.layout.reshaped(to: shape) else { break }
        others.append(.init(node: operand.node, layout: layout))
      }
      guard others.count == chain.operands.count - 1 else { continue }
      // Operand numbers: the product first, the others behind it.
      let expression = chain.expression.renumberingInputs { $0 == position ? 0 : $0 < position ? $0 + 1 : $0 }
      let epilogue = Computation.Chain(expression: expression, operands: others)
      switch computations[operand.node]?.body {
      case .matrixProduct(let left, let right, nil)?:
        replace(
          index, with: .matrixProduct(left: left, right: right, epilogue: epilogue), shape, absorbing: operand.node)
        return
      case .gather(let table, let indices, let windowLength, nil)?:
        guard others.allSatisfy({ $0.layout.matrix(splitAt: indices.layout.extents.count) != nil }) else {
          continue
        }
        replace(
          index, with: .gather(table: table, indices: indices, windowLength: windowLength, epilogue: epilogue),
          shape, absorbing: operand.node)
        return
      case .convolution(let pass, let extents, let first, let second, nil)? where pass != .weightGradient:
        guard others.allSatisfy({ $0.layout.images != nil }) else { continue }
        replace(
          index, with: .convolution(pass, extents, first, second, epilogue: epilogue), shape, absorbing: operand.node)
        return
      default: continue
      }
    }
  }

  private mutating func absorbPrologue(into index: Int) {
    guard let computation = computations[index], case .reduction(let kind, let axes, let chain) = computation.body,
      let operand = chain.operands.first, chain.operands.count == 1
    else { return }
    guard let source = computations[operand.node], isAbsorbable(operand, shape: source.type.shape),
      case .pointwise(let inner) = source.body, !inner.expression.isRandom, !inner.operands.isEmpty
    else { return }
    replace(index, with: .reduction(kind, axes: axes, chain.inlining(0, inner)), absorbing: operand.node)
  }

  private mutating func absorbParts(into index: Int) {
    guard let computation = computations[index], case .assembly(var parts, let shape) = computation.body else { return }
    for position in parts.indices {
      guard parts[position].chain.expression == .input(0), let operand = parts[position].chain.operands.first,
        let source = computations[operand.node], source.type.elementType == .float32,
        isAbsorbable(operand, shape: source.type.shape), case .pointwise(let inner) = source.body,
        !inner.operands.isEmpty
      else { continue }
      parts[position].chain = inner
      replace(index, with: .assembly(parts, shape), absorbing: operand.node)
    }
  }
}
