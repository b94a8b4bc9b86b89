import ApusGraph

/// Multi-head self-attention with one projection for queries, keys and values and one for the result.
///
/// Parameters: `c_attn.weight` `[3 width, width]`, `c_proj.weight` `[width, width]`, and biases where asked for; the
/// names are GPT-2's.
///
/// Source: Vaswani et al., 2017, arXiv:1706.03762.
public struct SelfAttention: Module {
  /// The length of the vectors.
  public let width: Int
  /// The number of heads, a divisor of the width.
  public let heads: Int
  /// Whether a position attends to itself and those before it alone.
  public let isCausal: Bool
  /// From a vector to its query, key and value, side by side.
  public let projection: Linear
  /// From the joined heads to the result.
  public let output: Linear

  /// A layer over `[B, T, width]`.
  ///
  /// - Parameters:
  ///   - width: the length of the vectors.
  ///   - heads: the number of heads, a divisor of the width.
  ///   - isCausal: whether a position attends to itself and those before it alone.
  ///   - bias: whether the projections add biases.
  ///   - initializer: how the first projection's weights start.
  ///   - outputInitializer: how the second projection's weights start; as the first's by default.
  public init(
    width: Int, heads: Int, isCausal: Bool, bias: Bool = true, initializer: Initializer = .standard,
    outputInitializer: Initializer? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.width = width
    self.heads = heads
    self.isCausal = isCausal
    projection = Linear(width, 3 * width, bias: bias, initializer: initializer, file: file, line: line)
    output = Linear(width, width, bias: bias, initializer: outputInitializer ?? initializer, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard x.shape.rank == 3, heads >= 1, width % heads == 0 else {
      x.graph.report(
        "attention over [B, T, \(width)] with \(heads) heads does not fit \(x.shape); the width must be a multiple of "
          + "the heads", at: x.location)
      return x
    }
    let packed = projection(x).reshaped(to: [x.shape[0], x.shape[1], 3, heads, width / heads])
    return output(attention(packed, isCausal: isCausal).reshaped(to: x.shape))
  }
}

extension SelfAttention: CustomReflectable {
  /// The parts under GPT-2's names.
  public var customMirror: Mirror { Mirror(self, children: ["c_attn": projection, "c_proj": output]) }
}
