import ApusGraph

/// Joins the sum of a matrix's columns with a product of which that matrix, transposed, is the left operand: the gradient of
/// a layer's bias with that of its weights. The launch has read all that is summed.
///
/// The launch takes the place of the product. So a sum that comes first joins only where no computation reads it.
struct SiblingSums {
  private var sums: [Int: Int] = [:]
  private var joined: Set<Int> = []

  /// - Parameter reductions: the launches of reductions; one that computes several stays as it is.
  init(_ computations: [Computation?], _ reductions: SiblingReductions) {
    let read = Set(computations.flatMap { ($0?.operands ?? []).map(\.node) })
    var products: [Computation.Operand: Int] = [:]
    for (index, computation) in computations.enumerated() {
      guard case .matrixProduct(let left, _, _)? = computation?.body, let summed = left.summedColumns,
        computations[left.node]?.type.elementType == .float32
      else { continue }
      if products[summed] == nil { products[summed] = index }
    }
    for index in reductions.single {
      guard case .reduction(.sum, let axes, let chain)? = computations[index]?.body, chain.expression == .input(0),
        let operand = chain.operands.first, let summed = operand.asRows(summing: axes),
        let product = products[summed], sums[product] == nil, product < index || !read.contains(index)
      else { continue }
      sums[product] = index
      joined.insert(index)
    }
  }

  /// Whether a product's launch computes a reduction.
  func isJoined(_ reduction: Int) -> Bool { joined.contains(reduction) }

  /// The reduction that a product's launch computes too.
  func sums(of product: Int) -> Int? { sums[product] }
}

extension Computation.Operand {
  /// The row-major matrix that is read here transposed; nil where it is anything else.
  fileprivate var summedColumns: Self? {
    guard layout.extents.count == 2, layout.strides[0] == 1 else { return nil }
    let rows = layout.transposed([1, 0])
    return rows.strides[0] == rows.extents[1] ? Self(node: node, layout: rows) : nil
  }

  /// The row-major matrix whose columns are summed where axes are reduced; nil where it is anything else.
  fileprivate func asRows(summing axes: [Int]) -> Self? {
    let last = layout.extents.count - 1
    guard last >= 0, axes.sorted() == Array(0..<last) else { return nil }
    return layout.reshaped(to: Shape([layout.extents.dropLast().reduce(1, *), layout.extents[last]])).map {
      Self(node: node, layout: $0)
    }
  }
}
