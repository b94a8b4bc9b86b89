import ApusGraph

/// A recurrent language model: an embedding, recurrent layers one above the other, and a linear layer.
///
/// Parameters: `embedding.weight`, `layers.0.weight_ih_l0`, …, `output.weight`, `output.bias`.
///
/// Source: Karpathy, "The Unreasonable Effectiveness of Recurrent Neural Networks", 2015.
public struct CharacterRNN: Module {
  /// The kinds of recurrent layers.
  public enum Cell: String, Sendable, CaseIterable {
    case lstm, gru
  }

  let embedding: Embedding
  let layers: [any Module]
  private let dropout: Dropout
  let output: Linear

  /// A network.
  ///
  /// - Parameters:
  ///   - vocabulary: the number of tokens.
  ///   - width: the length of the embedding and of the states.
  ///   - layers: the number of recurrent layers.
  ///   - cell: their kind.
  ///   - dropout: the probability of dropping an element behind each recurrent layer.
  public init(vocabulary: Int, width: Int = 128, layers: Int = 2, cell: Cell = .lstm, dropout: Double = 0) {
    embedding = Embedding(vocabulary, width)
    self.layers = (0..<layers).map { _ -> any Module in
      switch cell {
      case .lstm: LSTM(width, width)
      case .gru: GRU(width, width)
      }
    }
    self.dropout = Dropout(dropout)
    output = Linear(width, vocabulary)
  }

  /// Logits `[B, T, vocabulary]` of the token behind each position, from int32 tokens `[B, T]`.
  public func callAsFunction(_ indices: Tensor) -> Tensor {
    output(layers.reduce(embedding(indices)) { dropout($1($0)) })
  }
}
