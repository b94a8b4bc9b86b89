import ApusExpression
import ApusGraph

/// A computation between graph and program: movements are gone into operands' layouts, and each node will be
/// one launch, unless it is fused into another.
struct Computation {
  /// A reading of another node's storage.
  struct Operand: Hashable {
    var node: Int
    var layout: Layout
  }

  /// An expression over operands whose layouts all have the same extents.
  struct Chain: Hashable {
    var expression: Expression
    var operands: [Operand]
  }

  enum Body: Hashable {
    case input(Input)
    case parameter(ParameterLeaf)
    case statistic(StatisticLeaf)
    case pointwise(Chain)
    /// The epilogue's `input(0)` is the product and `input(1 + i)` its ith operand.
    case matrixProduct(left: Operand, right: Operand, epilogue: Chain?)
    case reduction(Reduction.Kind, axes: [Int], Chain)
    case rows(RowOperation, [Operand])
    /// The epilogue's `input(0)` is the table's element.
    case gather(table: Operand, indices: Operand, windowLength: Int?, epilogue: Chain?)
    case scatterAdd(values: Operand, indices: Operand, rows: Int)
    /// The epilogue's `input(0)` is the product's element.
    case convolution(ConvolutionKernel.Pass, ConvolutionShape, Operand, Operand, epilogue: Chain?)
    /// A kernel over contiguous operands as they are.
    case whole(WholeOperation, [Operand])
    /// Parts computed or copied into place; what they leave free is zero.
    case assembly([Part], Shape)
  }

  struct Part: Hashable {
    /// What is stored; its operands' extents are the destination's.
    var chain: Chain
    let destination: Layout

    /// A copy.
    init(_ source: Operand, destination: Layout) {
      chain = Chain(expression: .input(0), operands: [source])
      self.destination = destination
    }
  }

  enum RowOperation: Hashable {
    case argmax, softmax, logSumExp, softmaxCrossEntropy
    case softmaxCrossEntropyGradient(CrossEntropyKernel.Upstream)
  }

  enum WholeOperation: Hashable {
    case pool(PoolShape)
    case poolGradient(PoolShape)
    case attention(AttentionShape)
    case attentionGradient(AttentionShape)
    case sparseRows(SparseRowsKernel)
    case sparseProduct(SparseProductKernel)
    case sparseProductGradient(SparseProductKernel)
    case augmentation(AugmentationKernel)

    var kernel: Kernel {
      switch self {
      case .pool(let shape): .pool(shape)
      case .poolGradient(let shape): .poolGradient(shape)
      case .attention(let shape): .attention(shape)
      case .attentionGradient(let shape): .attentionGradient(shape)
      case .sparseRows(let kernel): .sparseRows(kernel)
      case .sparseProduct(let kernel): .sparseProduct(kernel)
      case .sparseProductGradient(let kernel): .sparseProductGradient(kernel)
      case .augmentation(let kernel): .augmentation(kernel)
      }
    }
  }

  var body: Body
  var type: TensorType
  let location: SourceLocation

  /// Every operand, in the order of the launch's inputs.
  var operands: [Operand] {
    switch body {
    case .input, .parameter, .statistic: []
    case .pointwise(let chain): chain.operands
    case .matrixProduct(let left, let right, let epilogue): [left, right] + (epilogue?.operands ?? [])
    case .reduction(_, _, let chain): chain.operands
    case .rows(_, let operands), .whole(_, let operands): operands
    case .convolution(_, _, let first, let second, let epilogue): [first, second] + (epilogue?.operands ?? [])
    case .gather(let table, let indices, _, let epilogue): [table, indices] + (epilogue?.operands ?? [])
    case .scatterAdd(let values, let indices, _): [values, indices]
    case .assembly(let parts, _): parts.flatMap(\.chain.operands)
    }
  }

  /// Whether the storage is a bound buffer and not a result.
  var isLeaf: Bool {
    switch body {
    case .input, .parameter, .statistic: true
    default: false
    }
  }
}

extension Computation.Chain {
  /// The chain in which one operand is replaced by the chain that computes it.
  func inlining(_ position: Int, _ inner: Computation.Chain) -> Computation.Chain {
    var operands: [Computation.Operand] = []
    func index(of operand: Computation.Operand) -> Int {
      if let known = operands.firstIndex(of: operand) { return known }
      operands.append(operand)
      return operands.count - 1
    }
    // The numbering follows the order of appearance: the outer operands, with the inner ones in place.
    var outerIndex: [Int: Expression] = [:]
    for (i, operand) in self.operands.enumerated() {
      if i == position {
        let renumbered = inner.operands.map { index(of: $0) }
        outerIndex[i] = inner.expression.renumberingInputs { renumbered[$0] }
      } else {
        outerIndex[i] = .input(index(of: operand))
      }
    }
    let joined = expression.replacing { part in
      if case .input(let i) = part.node { outerIndex[i] } else { nil }
    }
    return Computation.Chain(expression: joined, operands: operands)
  }
}
