import ApusExpression
import ApusGraph

/// Joins reductions along the rows of a matrix with the chains over the same rows that need their results, so that one
/// launch takes a row from memory once: a norm's sums, mean, scale and result, or the sums of its gradient and that.
///
/// The launch takes the place of the last. So a computation joins only as long as nobody else has read what a member
/// computes; and only for a tensor that the members read in full, as it does.
struct RowChains {
  /// Longer rows leave the nearest caches from one pass to the next.
  static let longestRow = 4096
  /// With fewer rows a device is better filled by a launch for each computation.
  static let fewestRows = 64

  private var groups: [RowChain] = []
  private var positions: [Int: Int] = [:]

  /// - Parameters:
  ///   - computations: what fusion has left.
  ///   - siblings: the computations that share other launches.
  init(_ computations: [Computation?], besides siblings: SiblingChains) {
    var open: [RowChain] = []
    for (index, computation) in computations.enumerated() {
      guard let computation else { continue }
      var own: Int?
      if !siblings.contains(index) {
        for position in open.indices.reversed() where own == nil {
          guard let chain = open[position].joined(by: index, computation) else { continue }
          open[position] = chain
          own = position
        }
        if own == nil, let chain = RowChain(startingAt: index, computation) {
          own = open.count
          open.append(chain)
        }
      }
      let read = Set(computation.operands.map(\.node))
      for position in open.indices.reversed() where position != own && !read.isDisjoint(with: open[position].members) {
        groups.append(open.remove(at: position))
      }
    }
    groups = (groups + open).filter(\.isWorthwhile)
    for (position, group) in groups.enumerated() {
      for member in group.members { positions[member] = position }
    }
  }

  /// Whether a computation is part of a launch.
  func contains(_ index: Int) -> Bool { positions[index] != nil }

  /// The computation in whose place another is launched.
  func place(of index: Int) -> Int { positions[index].flatMap { groups[$0].members.last } ?? index }

  /// The launch that takes a computation's place; nil where a later one's does.
  func chain(inPlaceOf index: Int) -> RowChain? {
    guard let position = positions[index], groups[position].members.last == index else { return nil }
    return groups[position]
  }
}

/// Computations along the same rows.
struct RowChain {
  private struct Pass {
    let kind: Reduction.Kind
    var reductions: [Member] = []
    var values: [Member] = []
  }

  private struct Member {
    let node: Int
    let expression: Expression
  }

  /// A chain over the operands and the rows' values.
  private struct Part {
    var expression: Expression
    var operands: [Computation.Operand]
    /// The last pass whose values it reads.
    var lastPass: Int?
    /// Whether it reads a tensor in full that the members read in full.
    var sharesOperand: Bool
  }

  /// The computations, in order.
  private(set) var members: [Int] = []
  /// What is read, with layouts of rows and columns.
  private(set) var operands: [Computation.Operand] = []

  private let rows: Int
  private let columns: Int
  private var passes: [Pass] = []
  /// The pass that computes each of the rows' values.
  private var passOfValue: [Int: Int] = [:]
  private var elements: [Member] = []

  /// Until all values are known, a node's stands in expressions as the input of this number and the node's.
  private static let firstValue = 1 << 32

  /// A chain of one reduction, or nil where a computation is none along many rows of moderate length.
  fileprivate init?(startingAt index: Int, _ computation: Computation) {
    guard case .reduction(_, let axes, let chain) = computation.body, let split = chain.split(reducing: axes) else {
      return nil
    }
    let extents = chain.operands[0].layout.extents
    rows = extents[..<split].reduce(1, *)
    columns = extents[split...].reduce(1, *)
    guard rows >= RowChains.fewestRows, (2...RowChains.longestRow).contains(columns), add(index, computation) else {
      return nil
    }
  }

  /// The chain with one more computation, or nil where that does not belong to it.
  fileprivate func joined(by index: Int, _ computation: Computation) -> RowChain? {
    var joined = self
    return joined.add(index, computation) && joined.isSmall ? joined : nil
  }

  /// Whether something along the rows is computed from what was reduced along them.
  fileprivate var isWorthwhile: Bool { !elements.isEmpty || passes.count > 1 }

  private var isSmall: Bool {
    let parts = passes.flatMap { $0.reductions + $0.values } + elements
    return operands.count <= Fusion.maximumOperands && elements.count <= SiblingChains.maximumResults
      && passes.allSatisfy { $0.reductions.count <= SiblingReductions.maximumResults }
      && parts.reduce(0) { $0 + $1.expression.size } <= Fusion.maximumSize
  }

  // MARK: Growth

  private mutating func add(_ index: Int, _ computation: Computation) -> Bool {
    let count = computation.type.shape.count
    guard computation.type.elementType == .float32 else { return false }
    switch computation.body {
    case .reduction(let kind, let axes, let chain):
      guard count == rows, let split = chain.split(reducing: axes), let part = part(chain, splitAt: split),
        members.isEmpty || part.sharesOperand
      else { return false }
      add(part, reducedBy: kind, of: index)
    case .pointwise(let chain) where count == rows && !chain.expression.isRandom:
      guard let part = part(chain, splitAt: computation.type.shape.rank), let pass = part.lastPass else { return false }
      add(part, behind: pass, of: index)
    case .pointwise(let chain) where count == rows * columns:
      let extents = computation.type.shape.dimensions
      guard let split = extents.indices.first(where: { extents[..<$0].reduce(1, *) == rows }),
        let part = part(chain, splitAt: split), part.lastPass != nil, part.sharesOperand
      else { return false }
      elements.append(Member(node: index, expression: part.expression))
      operands = part.operands
    default: return false
    }
    members.append(index)
    return true
  }

  private mutating func add(_ part: Part, reducedBy kind: Reduction.Kind, of node: Int) {
    let first = part.lastPass.map { $0 + 1 } ?? 0
    let pass = passes.indices.dropFirst(first).first { passes[$0].kind == kind } ?? passes.count
    if pass == passes.count { passes.append(Pass(kind: kind)) }
    passes[pass].reductions.append(Member(node: node, expression: part.expression))
    passOfValue[node] = pass
    operands = part.operands
  }

  /// Adds a value behind a pass; other values of that pass that it reads become part of it.
  private mutating func add(_ part: Part, behind pass: Int, of node: Int) {
    let known = passes[pass].values
    let expression = part.expression.replacing { part in
      guard case .input(let input) = part.node else { return nil }
      return known.first { RowChain.firstValue + $0.node == input }?.expression
    }
    passes[pass].values.append(Member(node: node, expression: expression))
    passOfValue[node] = pass
    operands = part.operands
  }

  /// A computation's chain, or nil where a stride does not say how an operand lies along rows and along columns, or where
  /// a member's elements are read, which lie in memory only.
  private func part(_ chain: Computation.Chain, splitAt split: Int) -> Part? {
    var operands = operands
    var inputs: [Int] = []
    var lastPass: Int?
    var sharesOperand = false
    for operand in chain.operands {
      guard let matrix = operand.layout.matrix(splitAt: split) else { return nil }
      if members.contains(operand.node) {
        guard let pass = passOfValue[operand.node], operand.layout.offset == 0, matrix.rowStride == 1,
          matrix.columnStride == 0
        else { return nil }
        lastPass = max(pass, lastPass ?? pass)
        inputs.append(RowChain.firstValue + operand.node)
        continue
      }
      let layout = Layout(
        offset: operand.layout.offset, extents: [rows, columns], strides: [matrix.rowStride, matrix.columnStride])
      let own = Computation.Operand(node: operand.node, layout: layout)
      if let known = operands.firstIndex(of: own) {
        sharesOperand = sharesOperand || matrix.rowStride != 0 && matrix.columnStride != 0
        inputs.append(known)
      } else {
        inputs.append(operands.count)
        operands.append(own)
      }
    }
    return Part(
      expression: chain.expression.renumberingInputs { inputs[$0] }, operands: operands, lastPass: lastPass,
      sharesOperand: sharesOperand)
  }

  // MARK: The launch

  /// The kernel over the operands, and the computations whose results its outputs are.
  ///
  /// - Parameter wanted: the computations that are read by others than these, or are outputs.
  func launch(wanted: Set<Int>) -> (kernel: RowChainKernel, results: [Int]) {
    let values = passes.flatMap { $0.reductions + $0.values }.map(\.node)
    let numbers = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, operands.count + $0) })
    func numbered(_ members: [Member]) -> [Expression] {
      members.map { member in
        member.expression.renumberingInputs { $0 < RowChain.firstValue ? $0 : numbers[$0 - RowChain.firstValue] ?? 0 }
      }
    }
    let stored = values.indices.filter { wanted.contains(values[$0]) }
    let kernel = RowChainKernel(
      rows: rows, columns: columns,
      operands: operands.map { .init(rowStride: $0.layout.strides[0], columnStride: $0.layout.strides[1]) },
      passes: passes.map {
        .init(kind: $0.kind, reductions: numbered($0.reductions), values: numbered($0.values))
      }, storedValues: stored, elements: numbered(elements))
    return (kernel, stored.map { values[$0] } + elements.map(\.node))
  }
}

extension Computation.Chain {
  /// Where the axes that are reduced begin, or nil where they are not the innermost ones.
  fileprivate func split(reducing axes: [Int]) -> Int? {
    guard let rank = operands.first?.layout.extents.count, axes == Array(rank - axes.count..<rank) else { return nil }
    return rank - axes.count
  }
}
