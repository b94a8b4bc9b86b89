import ApusGraph

/// A decoder-only transformer as GPT-2 has it: learned positions, norms in front of attention and perceptron, and an output
/// layer that may share the token embedding's weights.
///
/// Parameters have nanoGPT's names: `transformer.wte.weight`, `transformer.wpe.weight`, `transformer.h.0.ln_1.weight`,
/// `transformer.h.0.attn.c_attn.weight`, …, `transformer.ln_f.weight`, and `lm_head.weight` where it is not tied. Linear
/// weights and embeddings start normal with deviation 0.02, those in front of a residual sum with 0.02/√(2 · layers).
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
public struct GPT: Module {
  /// What decides a network's extents.
  public struct Shape: Sendable, Hashable {
    /// The number of tokens.
    public var vocabulary: Int
    /// The largest number of positions.
    public var context: Int
    /// The number of blocks.
    public var layers: Int
    /// The number of heads of each attention.
    public var heads: Int
    /// The length of the vectors.
    public var width: Int
    /// Whether linear layers and norms have biases.
    public var hasBias: Bool
    /// Whether the output layer shares the token embedding's weights.
    public var isTied: Bool

    /// nanoGPT's small setting for a CPU, for a vocabulary.
    public init(
      vocabulary: Int, context: Int = 64, layers: Int = 4, heads: Int = 4, width: Int = 128, bias: Bool = false,
      tied: Bool = true
    ) {
      self.vocabulary = vocabulary
      self.context = context
      self.layers = layers
      self.heads = heads
      self.width = width
      hasBias = bias
      isTied = tied
    }
  }

  /// The extents.
  public let shape: Shape
  private let dropout: Dropout
  private let tokens: Embedding
  private let positions: Embedding
  private let blocks: [GPTBlock]
  private let norm: LayerNorm
  private let head: Linear?

  /// A network with dropout behind the embeddings and in front of each residual sum.
  public init(_ shape: Shape, dropout: Double = 0) {
    self.shape = shape
    self.dropout = Dropout(dropout)
    tokens = Embedding(shape.vocabulary, shape.width, initializer: .normal(0.02))
    positions = Embedding(shape.context, shape.width, initializer: .normal(0.02))
    blocks = (0..<shape.layers).map { _ in GPTBlock(shape, dropout: dropout) }
    norm = LayerNorm(shape.width, bias: shape.hasBias)
    head = shape.isTied ? nil : Linear(shape.width, shape.vocabulary, bias: false, initializer: .normal(0.02))
  }

  /// Logits `[B, T, vocabulary]` of the token behind each position, from int32 tokens `[B, T]`.
  public func callAsFunction(_ indices: Tensor) -> Tensor {
    guard indices.shape.rank == 2, indices.shape[1] <= shape.context else {
      indices.graph.report(
        "a network with a context of \(shape.context) needs tokens [B, T] with no more positions, not \(indices.shape)",
        at: indices.location)
      return indices
    }
    let places = positions.table(in: indices.graph).slice(0..<indices.shape[1])
    let x = blocks.reduce(dropout(tokens(indices) + places)) { $1($0) }
    let y = norm(x)
    return head.map { $0(y) } ?? tokens.logits(y)
  }
}

extension GPT: CustomReflectable {
  /// The parts under nanoGPT's names.
  public var customMirror: Mirror {
    let transformer: [String: Any] = ["wte": tokens, "wpe": positions, "h": blocks, "ln_f": norm]
    let named = NamedParts(["wte", "wpe", "h", "ln_f"].compactMap { name in transformer[name].map { (name, $0) } })
    return Mirror(self, children: [("transformer", named as Any)] + (head.map { [("lm_head", $0 as Any)] } ?? []))
  }
}

/// Parts under names that are no properties.
private struct NamedParts: CustomReflectable {
  let parts: [(name: String, part: Any)]

  init(_ parts: [(name: String, part: Any)]) { self.parts = parts }

  var customMirror: Mirror { Mirror(self, children: parts.map { (label: $0.name, value: $0.part) }) }
}

/// Attention and a perceptron, each behind a norm and added to what came in.
struct GPTBlock: Module {
  private let attentionNorm: LayerNorm
  private let attention: SelfAttention
  private let perceptronNorm: LayerNorm
  private let expansion: Linear
  private let contraction: Linear
  private let dropout: Dropout

  init(_ shape: GPT.Shape, dropout: Double) {
    let residual = Initializer.normal(0.02 / Double(2 * shape.layers).squareRoot())
    attentionNorm = LayerNorm(shape.width, bias: shape.hasBias)
    attention = SelfAttention(
      width: shape.width, heads: shape.heads, isCausal: true, bias: shape.hasBias, initializer: .normal(0.02),
      outputInitializer: residual)
    perceptronNorm = LayerNorm(shape.width, bias: shape.hasBias)
    expansion = Linear(shape.width, 4 * shape.width, bias: shape.hasBias, initializer: .normal(0.02))
    contraction = Linear(4 * shape.width, shape.width, bias: shape.hasBias, initializer: residual)
    self.dropout = Dropout(dropout)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = x + dropout(attention(attentionNorm(x)))
    return y + dropout(contraction(Activation.gelu(expansion(perceptronNorm(y)))))
  }
}

extension GPTBlock: CustomReflectable {
  var customMirror: Mirror {
    let perceptron = NamedParts([("c_fc", expansion), ("c_proj", contraction)])
    return Mirror(
      self,
      children: ["ln_1": attentionNorm, "attn": attention, "ln_2": perceptronNorm, "mlp": perceptron])
  }
}
