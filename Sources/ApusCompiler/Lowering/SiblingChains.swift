import ApusExpression
import ApusGraph

/// Finds pointwise computations of the same operands that need the same costly function, so that one launch computes it
/// once for all of them: an activation, and its derivative there, which the backward pass then multiplies by.
///
/// Nothing more is kept for it: the derivative, instead of what it is computed from.
///
/// The launch takes the place of the first. The others read nothing that it does not read, but for its own result. None
/// of them is fused into its readers.
struct SiblingChains {
  /// Each result costs registers and a stream to memory.
  static let maximumResults = 4

  /// The siblings of each first one, in order.
  private var others: [Int: [Int]] = [:]
  private var firsts: [Int: Int] = [:]

  /// - Parameter outputs: the computations that are wanted as such.
  init(_ computations: [Computation], outputs: Set<Int>) {
    var readers = [[Int]](repeating: [], count: computations.count)
    for (index, computation) in computations.enumerated() {
      for operand in computation.operands { readers[operand.node].append(index) }
    }
    var candidates: [Int] = []
    for (index, computation) in computations.enumerated() {
      guard case .pointwise(let chain) = computation.body, computation.type.elementType == .float32,
        !chain.expression.isRandom, chain.expression.hasCostlyFunction
      else { continue }
      let first = candidates.last { first in
        guard computations[first].type == computation.type, case .pointwise(let leader) = computations[first].body
        else { return false }
        let siblings = others[first, default: []]
        // What one other chain alone reads is better computed there.
        let remaining = readers[first].filter { $0 != index && !siblings.contains($0) }
        let isKept =
          outputs.contains(first) || remaining.count > 1 || remaining.contains { !computations[$0].absorbsChains }
        return isKept && siblings.count + 2 <= SiblingChains.maximumResults
          && leader.sharesCostlyFunction(with: chain, besides: first)
      }
      if let first {
        others[first, default: []].append(index)
        firsts[index] = first
      } else {
        candidates.append(index)
      }
    }
  }

  /// Whether a computation shares a launch, as the first or another.
  func contains(_ index: Int) -> Bool { others[index] != nil || firsts[index] != nil }

  /// The chains that a computation's launch computes, over the same operands, with the computations whose results they
  /// are; nil where an earlier one's launch computes it.
  ///
  /// - Parameter computations: what fusion has left.
  func launch(of index: Int, in computations: [Computation?]) -> (members: [Int], chains: Computation.JointChain)? {
    guard firsts[index] == nil, case .pointwise(let leader)? = computations[index]?.body else { return nil }
    var joint = Computation.JointChain(expressions: [leader.expression], operands: leader.operands)
    var members = [index]
    for other in others[index, default: []] {
      guard case .pointwise(let chain)? = computations[other]?.body else { continue }
      joint.expressions.append(leader.expression(of: chain, besides: index, &joint.operands))
      members.append(other)
    }
    return (members, joint)
  }
}

extension Computation {
  /// Expressions over the same operands.
  struct JointChain {
    var expressions: [Expression]
    var operands: [Operand]
  }

  /// Whether a chain that it alone reads becomes part of it.
  fileprivate var absorbsChains: Bool {
    switch body {
    case .pointwise, .reduction, .assembly: true
    default: false
    }
  }
}

extension Computation.Chain {
  /// Whether another chain reads nothing but this one's operands and its result, and computes a costly function that this
  /// one computes too.
  ///
  /// - Parameter node: this chain's.
  fileprivate func sharesCostlyFunction(with other: Computation.Chain, besides node: Int) -> Bool {
    var joined = operands
    let expression = expression(of: other, besides: node, &joined)
    return joined.count == operands.count && expression.size + self.expression.size <= Fusion.maximumSize
      && !expression.costlyParts.isDisjoint(with: self.expression.costlyParts)
  }

  /// Another chain's expression over this one's operands, to which those are added that are missing. This chain's result is
  /// computed, not read.
  fileprivate func expression(
    of other: Computation.Chain, besides node: Int, _ joined: inout [Computation.Operand]
  ) -> Expression {
    let parts = other.operands.map { operand -> Expression in
      if operand.node == node, operand.layout.isIdentity(of: Shape(operand.layout.extents)) { return expression }
      if let known = joined.firstIndex(of: operand) { return .input(known) }
      joined.append(operand)
      return .input(joined.count - 1)
    }
    return other.expression.replacing { part in
      if case .input(let index) = part.node { parts[index] } else { nil }
    }
  }
}
