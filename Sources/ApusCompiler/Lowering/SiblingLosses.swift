import ApusGraph

/// Joins a cross-entropy with its gradient: both need the same exponentials, and one launch computes them for both.
///
/// The launch takes the place of the losses. So the gradient joins only where what it reads is there by then.
struct SiblingLosses {
  /// The gradient of each loss that has one to join, and the other way round.
  private var gradients: [Int: Int] = [:]
  private var losses: [Int: Int] = [:]

  init(_ computations: [Computation?]) {
    var known: [[Computation.Operand]: Int] = [:]
    for (index, computation) in computations.enumerated() {
      switch computation?.body {
      case .rows(.softmaxCrossEntropy, let operands)?:
        known[operands] = index
      case .rows(.softmaxCrossEntropyGradient, let operands)?:
        guard let loss = known[Array(operands.prefix(2))], gradients[loss] == nil,
          operands.dropFirst(2).allSatisfy({ $0.node < loss || computations[$0.node]?.isLeaf == true })
        else { continue }
        gradients[loss] = index
        losses[index] = loss
      default: continue
      }
    }
  }

  /// What a computation's launch computes: itself, and perhaps the gradient after it; nil where an earlier one's does.
  func members(of index: Int) -> [Int]? {
    guard losses[index] == nil else { return nil }
    return [index] + (gradients[index].map { [$0] } ?? [])
  }
}
