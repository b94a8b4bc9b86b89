import ApusExpression

/// Sums or maxima over axes.
public struct Reduction: OperationRule {
  /// What is reduced with.
  public enum Kind: String, Sendable, Hashable {
    case sum, max
  }

  /// Sum or maximum.
  public let kind: Kind
  /// The axes, ascending and distinct.
  public let axes: [Int]
  /// Whether a reduced axis stays, with extent 1.
  public let keepsAxes: Bool

  var name: String { kind.rawValue }

  func type(of operands: [TensorType]) throws -> TensorType {
    let shape = operands[0].shape
    guard axes.allSatisfy({ (0..<shape.rank).contains($0) }), Set(axes).count == axes.count else {
      throw RuleViolation("the axes \(axes) are not distinct axes of \(shape)")
    }
    let dimensions = (0..<shape.rank).compactMap { axis in
      axes.contains(axis) ? (keepsAxes ? 1 : nil) : shape[axis]
    }
    return TensorType(Shape(dimensions))
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    let x = context.operands[0]
    let location = context.location
    let kept = Shape((0..<x.shape.rank).map { axes.contains($0) ? 1 : x.shape[$0] })
    let g = context.gradient.reshaped(to: kept, at: location)
    switch kind {
    case .sum:
      return [g.broadcast(to: x.shape, at: location)]
    case .max:
      // Ties share the gradient evenly, as torch.amax does.
      let maximum = context.result.reshaped(to: kept, at: location)
      let ties = pointwise([x, maximum], at: location) { .select(.equal($0[0], $0[1]), 1, 0) }
      let count = ties.apply(.reduction(Reduction(kind: .sum, axes: axes, keepsAxes: true)), at: location)
      return [
        pointwise([x, maximum, g, count], at: location) { .select(.equal($0[0], $0[1]), $0[2] / $0[3], 0) }
      ]
    }
  }
}

extension Tensor {
  private func reduced(_ kind: Reduction.Kind, _ axes: [Int]?, _ keepingAxes: Bool, _ location: SourceLocation)
    -> Tensor
  {
    let axes = (axes.map { $0.map(normalized(axis:)) } ?? Array(0..<shape.rank)).sorted()
    return apply(.reduction(Reduction(kind: kind, axes: axes, keepsAxes: keepingAxes)), at: location)
  }

  /// The sum over the given axes, all by default; negative axes count from the end.
  public func sum(
    over axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(.sum, axes, keepingAxes, SourceLocation(file: file, line: line))
  }

  /// The largest value over the given axes, all by default. Ties share the gradient evenly.
  public func max(
    over axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(.max, axes, keepingAxes, SourceLocation(file: file, line: line))
  }

  /// The mean over the given axes, all by default: the sum of what each element adds to it, which cannot overflow.
  public func mean(
    over axes: [Int]? = nil, keepingAxes: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    let extents = (axes ?? Array(0..<shape.rank)).map { axis in
      // What is no axis is reported by the reduction.
      (-shape.rank..<shape.rank).contains(axis) ? shape[axis] : 1
    }
    let scale = 1 / Double(Shape(extents).count)
    return pointwise([self], at: location) { Expression(scale) * $0[0] }.reduced(.sum, axes, keepingAxes, location)
  }
}
