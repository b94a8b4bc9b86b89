import ApusExpression

/// The gradient of a scalar with respect to each of `sources`, as further nodes of the same graph.
///
/// - Parameters:
///   - loss: a float scalar.
///   - sources: float tensors of the same graph. One that the loss does not depend on gets zeros.
/// - Returns: one tensor per source, of its shape.
public func gradient(
  of loss: Tensor, with sources: [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  let graph = loss.graph
  let location = SourceLocation(file: file, line: line)
  if loss.shape.count != 1 || loss.elementType != .float32 {
    graph.report("gradient: the loss must be a float scalar, not \(loss.type)", at: location)
    return sources
  }

  // Forward sweep: which nodes depend on a source.
  var depends = [Bool](repeating: false, count: loss.id + 1)
  for source in sources where source.id <= loss.id { depends[source.id] = true }
  for id in 0...loss.id where !depends[id] {
    depends[id] = graph.nodes[id].operands.contains { depends[$0] }
  }

  // Backward sweep: contributions are summed when a node is reached, in a fixed order.
  var contributions = [[Tensor]](repeating: [], count: loss.id + 1)
  contributions[loss.id] = [
    graph.constant(1).broadcast(to: loss.shape, at: location)
  ]
  var totals: [Int: Tensor] = [:]
  for id in stride(from: loss.id, through: 0, by: -1) where depends[id] {
    let terms = joiningParts(joiningProducts(contributions[id]))
    guard let first = terms.first else { continue }
    let total = terms.dropFirst().reduce(first) { sum, next in
      pointwise([sum, next], at: sum.location) { $0[0] + $0[1] }
    }
    totals[id] = total
    let node = graph.nodes[id]
    guard !node.operands.isEmpty else { continue }
    let operands = node.operands.map { Tensor(graph: graph, id: $0) }
    let isNeeded = operands.map { depends[$0.id] && $0.elementType == .float32 }
    guard isNeeded.contains(true) else { continue }
    let reached = node.operation.rule.pullback(
      Pullback(
        operands: operands, result: Tensor(graph: graph, id: id), gradient: total, isNeeded: isNeeded))
    for (operand, gradient) in zip(operands, reached) where depends[operand.id] {
      if let gradient { contributions[operand.id].append(gradient) }
    }
  }
  return sources.map { source in
    totals[source.id] ?? graph.constant(0).broadcast(to: source.shape, at: location)
  }
}

/// A sum of many matrix products as one product of concatenated operands: `Σ AᵢBᵢ = [A₁ A₂ …][B₁; B₂; …]`.
///
/// So the weights of an unrolled recurrent layer get one product and not one per time step.
private func joiningProducts(_ terms: [Tensor]) -> [Tensor] {
  var joined: [MatrixProduct: [(left: Tensor, right: Tensor)]] = [:]
  var firstRule: MatrixProduct?
  var others: [Tensor] = []
  for term in terms {
    let operands = term.node.operands.map { Tensor(graph: term.graph, id: $0) }
    guard case .matrixProduct(let rule) = term.node.operation, operands.allSatisfy({ $0.shape.rank == 2 }),
      firstRule == nil || firstRule == rule
    else {
      others.append(term)
      continue
    }
    firstRule = rule
    joined[rule, default: []].append((operands[0], operands[1]))
  }
  guard let rule = firstRule, let pairs = joined[rule], pairs.count >= 3,
    let left = concatenate(pairs.map(\.left), axis: rule.transposesLeft ? 0 : 1),
    let right = concatenate(pairs.map(\.right), axis: rule.transposesRight ? 1 : 0)
  else { return terms }
  return [left.apply(.matrixProduct(rule), right, at: terms[0].location)] + others
}

/// A sum of parts that lie side by side along one axis as their concatenation, with zeros in the gaps.
///
/// So a tensor that was cut into slices gets its gradient in one piece and not as a sum of padded ones.
private func joiningParts(_ terms: [Tensor]) -> [Tensor] {
  var parts: [(start: Int, part: Tensor)] = []
  var others: [Tensor] = []
  var axis: Int?
  for term in terms {
    guard case .pad(let rule) = term.node.operation else {
      others.append(term)
      continue
    }
    let part = Tensor(graph: term.graph, id: term.node.operands[0])
    let changed = part.shape.dimensions.indices.filter { part.shape[$0] != rule.shape[$0] }
    guard changed.count == 1, axis == nil || axis == changed[0] else { return terms }
    axis = changed[0]
    parts.append((rule.starts[changed[0]], part))
  }
  guard let axis, parts.count >= 2 else { return terms }
  parts.sort { $0.start < $1.start }
  var pieces: [Tensor] = []
  var end = 0
  func fill(to start: Int) {
    var gap = terms[0].shape.dimensions
    gap[axis] = start - end
    if gap[axis] > 0 { pieces.append(terms[0].graph.constant(0).broadcast(to: Shape(gap))) }
  }
  for (start, part) in parts {
    if start < end { return terms }
    fill(to: start)
    pieces.append(part)
    end = start + part.shape[axis]
  }
  fill(to: terms[0].shape[axis])
  return concatenate(pieces, axis: axis).map { [$0] + others } ?? terms
}
