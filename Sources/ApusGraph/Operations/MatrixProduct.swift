/// The product of matrices in the last two axes, batched over the axes before them, which broadcast.
public struct MatrixProduct: OperationRule {
  /// Whether the left operand is stored as `[…, K, M]`.
  public let transposesLeft: Bool
  /// Whether the right operand is stored as `[…, N, K]`.
  public let transposesRight: Bool

  var name: String { "matrix product" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (a, b) = (operands[0].shape, operands[1].shape)
    guard operands.allSatisfy({ $0.elementType == .float32 }) else {
      throw RuleViolation("both operands must be floats, not \(operands[0]) and \(operands[1])")
    }
    guard a.rank >= 2, b.rank >= 2 else {
      throw RuleViolation("both operands need at least two axes, but the shapes are \(a) and \(b)")
    }
    let (m, k) = transposesLeft ? (a[-1], a[-2]) : (a[-2], a[-1])
    let (l, n) = transposesRight ? (b[-1], b[-2]) : (b[-2], b[-1])
    guard k == l else {
      let left = transposesLeft ? "\(a)ᵀ" : "\(a)"
      let right = transposesRight ? "\(b)ᵀ" : "\(b)"
      throw RuleViolation("the inner dimensions differ (\(k) and \(l)) in \(left) × \(right)")
    }
    guard let batch = Shape(a.dimensions.dropLast(2)).broadcast(with: Shape(b.dimensions.dropLast(2))) else {
      throw RuleViolation("the batch axes of \(a) and \(b) do not broadcast together")
    }
    return TensorType(Shape(batch.dimensions + [m, n]))
  }

  // C = op(A) op(B):  d op(A) = G op(B)ᵀ,  d op(B) = op(A)ᵀ G; transposed once more where op transposes.
  func pullback(_ context: Pullback) -> [Tensor?] {
    let (a, b, g) = (context.operands[0], context.operands[1], context.gradient)
    func product(_ x: Tensor, _ y: Tensor, _ tx: Bool, _ ty: Bool, like operand: Tensor) -> Tensor {
      x.apply(
        .matrixProduct(MatrixProduct(transposesLeft: tx, transposesRight: ty)), y, at: context.location
      ).summed(to: operand.shape, at: context.location)
    }
    let da =
      !context.isNeeded[0]
      ? nil
      : transposesLeft
        ? product(b, g, transposesRight, true, like: a) : product(g, b, false, !transposesRight, like: a)
    let db =
      !context.isNeeded[1]
      ? nil
      : transposesRight
        ? product(g, a, true, transposesLeft, like: b) : product(a, g, !transposesLeft, false, like: b)
    return [da, db]
  }
}

/// The product of matrices in the last two axes.
///
/// - Parameters:
///   - a: `[…, M, K]`, or `[…, K, M]` when `transposingLeft`.
///   - b: `[…, K, N]`, or `[…, N, K]` when `transposingRight`. Leading axes broadcast against `a`'s.
/// - Returns: `[…, M, N]`.
public func matrixProduct(
  _ a: Tensor, _ b: Tensor, transposingLeft: Bool = false, transposingRight: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.apply(
    .matrixProduct(MatrixProduct(transposesLeft: transposingLeft, transposesRight: transposingRight)), b,
    at: SourceLocation(file: file, line: line))
}
