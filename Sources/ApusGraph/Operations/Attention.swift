/// The extents of an attention.
public struct AttentionShape: Hashable, Sendable {
  /// The number of sequences.
  public let batch: Int
  /// The positions of a sequence.
  public let length: Int
  /// The number of heads.
  public let heads: Int
  /// The width of a head.
  public let width: Int
  /// Whether a position attends to itself and those before it alone.
  public let isCausal: Bool

  /// Extents.
  public init(batch: Int, length: Int, heads: Int, width: Int, isCausal: Bool) {
    self.batch = batch
    self.length = length
    self.heads = heads
    self.width = width
    self.isCausal = isCausal
  }

  /// What the products of queries and keys are multiplied by: `1/√width`.
  public var scale: Double { 1 / Double(width).squareRoot() }
  /// Queries, keys and values: `[B, T, 3, H, D]`.
  public var packedShape: Shape { [batch, length, 3, heads, width] }
  /// `[B, T, H, D]`.
  public var resultShape: Shape { [batch, length, heads, width] }
}

/// Scaled dot-product attention, `softmax(q kᵀ / √D) v` for each sequence and head.
///
/// Operand: queries, keys and values side by side, `[B, T, 3, H, D]`: what one linear layer makes of `[B, T, C]`.
/// Result: `[B, T, H, D]`.
///
/// Sources: Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762; and for never storing the
/// `T × T` weights, Dao et al., "FlashAttention", 2022, arXiv:2205.14135.
public struct Attention: OperationRule {
  /// Whether a position attends to itself and those before it alone.
  public let isCausal: Bool

  var name: String { "attention" }

  func type(of operands: [TensorType]) throws -> TensorType {
    TensorType(try shape(operands[0]).resultShape)
  }

  /// The extents for an operand that fits.
  public func shape(_ packed: TensorType) throws -> AttentionShape {
    let x = packed.shape
    guard packed.elementType == .float32, x.rank == 5, x[2] == 3 else {
      throw RuleViolation("needs queries, keys and values as floats [B, T, 3, H, D], not \(packed)")
    }
    return AttentionShape(batch: x[0], length: x[1], heads: x[3], width: x[4], isCausal: isCausal)
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    guard let shape = try? shape(context.operands[0].type) else { return [nil] }
    let rule = AttentionGradient(shape: shape)
    return [
      context.operands[0].apply(
        .attentionGradient(rule), context.result, context.gradient, at: context.location)
    ]
  }
}

/// What reaches queries, keys and values, `[B, T, 3, H, D]`. Operands: those, the attention's result, and its gradient.
///
/// The weights are computed anew, some rows at a time.
public struct AttentionGradient: OperationRule {
  /// The attention's extents.
  public let shape: AttentionShape

  var name: String { "attention's gradient" }

  func type(of operands: [TensorType]) throws -> TensorType { operands[0] }
}

/// Scaled dot-product attention over queries, keys and values that lie side by side.
///
/// - Parameters:
///   - packed: `[B, T, 3, H, D]`.
///   - isCausal: whether a position attends to itself and those before it alone.
/// - Returns: `[B, T, H, D]`.
public func attention(
  _ packed: Tensor, isCausal: Bool, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  packed.apply(.attention(Attention(isCausal: isCausal)), at: SourceLocation(file: file, line: line))
}

/// Scaled dot-product attention, `softmax(q kᵀ / √D) v`.
///
/// - Parameters:
///   - queries: `[B, T, H, D]`.
///   - keys: of the same shape.
///   - values: of the same shape.
///   - isCausal: whether a position attends to itself and those before it alone.
/// - Returns: `[B, T, H, D]`.
public func attention(
  queries: Tensor, keys: Tensor, values: Tensor, isCausal: Bool, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let parts = [queries, keys, values].map { part in
    part.reshaped(
      to: Shape(part.shape.dimensions.prefix(2) + [1] + part.shape.dimensions.dropFirst(2)), file: file, line: line)
  }
  guard let packed = concatenate(parts, axis: 2, file: file, line: line) else { return queries }
  return attention(packed, isCausal: isCausal, file: file, line: line)
}
