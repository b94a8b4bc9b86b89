import ApusExpression
import ApusGraph

/// Joins reductions over the same axes that read the same tensor, so that one launch reads it once for all of them: the
/// two sums of a norm, and the two of its gradient.
///
/// The launch takes the place of the first. So a reduction joins only where everything that it reads is there by then,
/// which also means that it does not depend on any that it joins.
struct SiblingReductions {
  /// Reductions that one launch computes.
  struct Group {
    /// The computations whose results these are, in their order.
    fileprivate(set) var members: [Int]
    /// What all of them read.
    fileprivate(set) var operands: [Computation.Operand]
    /// What each reduces, over `operands`.
    fileprivate(set) var prologues: [Expression]
  }

  /// Each result costs a kernel accumulators of its own; beyond this they no longer stay in registers.
  static let maximumResults = 4

  private var groups: [Group] = []
  private var positions: [Int: Int] = [:]

  /// - Parameter rowChains: launches in whose place some computations are.
  init(_ computations: [Computation?], besides rowChains: RowChains) {
    for (index, computation) in computations.enumerated() {
      guard let computation, case .reduction(let kind, let axes, let chain) = computation.body,
        !rowChains.contains(index)
      else { continue }
      /// Whether a group is of this reduction's kind and can compute it in its place.
      func accepts(_ group: Group) -> Bool {
        guard let first = group.members.first, group.members.count < Self.maximumResults,
          case .reduction(kind, axes: axes, _)? = computations[first]?.body,
          group.operands.first?.layout.extents == chain.operands.first?.layout.extents
        else { return false }
        return chain.operands.allSatisfy {
          rowChains.place(of: $0.node) < first || computations[$0.node]?.isLeaf == true
        }
          && chain.operands.contains { !$0.layout.repeatsElements && group.operands.contains($0) }
      }
      for position in groups.indices.reversed() where accepts(groups[position]) {
        guard let joined = groups[position].joined(by: index, chain) else { continue }
        groups[position] = joined
        positions[index] = position
        break
      }
      if positions[index] == nil {
        positions[index] = groups.count
        groups.append(Group(members: [index], operands: chain.operands, prologues: [chain.expression]))
      }
    }
  }

  /// The group whose launch takes the place of a reduction; nil where the reduction is computed by an earlier one's.
  func group(startingAt index: Int) -> Group? {
    guard let position = positions[index], groups[position].members.first == index else { return nil }
    return groups[position]
  }

  /// The groups of one.
  var single: [Int] { groups.compactMap { $0.members.count == 1 ? $0.members[0] : nil } }
}

extension SiblingReductions.Group {
  /// The group with one more reduction, or nil where the launch would be larger than a chain may be.
  fileprivate func joined(by index: Int, _ chain: Computation.Chain) -> Self? {
    var joined = self
    let places = chain.operands.map { operand -> Int in
      if let known = joined.operands.firstIndex(of: operand) { return known }
      joined.operands.append(operand)
      return joined.operands.count - 1
    }
    joined.members.append(index)
    joined.prologues.append(chain.expression.renumberingInputs { places[$0] })
    let size = joined.prologues.reduce(0) { $0 + $1.size }
    return joined.operands.count <= Fusion.maximumOperands && size <= Fusion.maximumSize ? joined : nil
  }
}

extension Layout {
  /// Whether elements are read more than once.
  fileprivate var repeatsElements: Bool { zip(extents, strides).contains { $0 != 1 && $1 == 0 } }
}
