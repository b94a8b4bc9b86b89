import ApusGraph

/// Joins a cross-entropy with its gradient: both need the same exponentials, and one launch computes them for both.
///
/// The launch takes the place of the losses. So the gradient joins only where what it reads is there by then.
struct SiblingLosses {
  /// A gradient that a loss's launch computes too.
  struct Gradient {
    /// The computation whose result it is.
    let node: Int
    let upstream: CrossEntropyKernel.Upstream
    /// The logits, the labels, and the upstream unless it is constant.
    let operands: [Computation.Operand]
  }

  private var gradients: [Int: Gradient] = [:]
  private var joined: Set<Int> = []

  /// - Parameter rowChains: launches in whose place some computations are.
  init(_ computations: [Computation?], besides rowChains: RowChains) {
    var known: [[Computation.Operand]: Int] = [:]
    for (index, computation) in computations.enumerated() {
      switch computation?.body {
      case .rows(.softmaxCrossEntropy, let operands)?:
        known[operands] = index
      case .rows(.softmaxCrossEntropyGradient(let upstream), let operands)?:
        guard let loss = known[Array(operands.prefix(2))], gradients[loss] == nil,
          operands.dropFirst(2).allSatisfy({
            rowChains.place(of: $0.node) < loss || computations[$0.node]?.isLeaf == true
          })
        else { continue }
        gradients[loss] = Gradient(node: index, upstream: upstream, operands: operands)
        joined.insert(index)
      default: continue
      }
    }
  }

  /// Whether an earlier launch computes a gradient.
  func isJoined(_ gradient: Int) -> Bool { joined.contains(gradient) }

  /// The gradient that a loss's launch computes too, with what that launch reads.
  func gradient(of loss: Int) -> Gradient? { gradients[loss] }
}
