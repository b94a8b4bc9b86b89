import ApusGraph
import ApusLayers
import Testing

/// Embedding, attention and recurrent layers against PyTorch's.
@Suite struct SequenceLayerTests {
  @Test func embedding() throws {
    try LayerReference.compare("embedding", Embedding(5, 3), [2, 3], input: [4, 0, 2, 2, 2, 4], .int32)
  }

  @Test func attention() throws {
    try LayerReference.compare("attention", SelfAttention(width: 6, heads: 2, isCausal: false), [2, 4, 6])
    try LayerReference.compare("causal attention", SelfAttention(width: 6, heads: 3, isCausal: true), [2, 5, 6])
    try LayerReference.compare(
      "causal attention without biases", SelfAttention(width: 4, heads: 1, isCausal: true, bias: false), [1, 6, 4])
  }

  @Test func recurrentLayers() throws {
    try LayerReference.compare("lstm", LSTM(3, 4), [2, 5, 3])
    try LayerReference.compare("gru", GRU(3, 4), [2, 5, 3])
  }

  @Test func recurrentLayersOfOneTimeHaveEveryParameter() throws {
    try LayerReference.compare("lstm of one time", LSTM(3, 2), [2, 1, 3])
    try LayerReference.compare("gru of one time", GRU(3, 2), [2, 1, 3])
  }

  @Test func softmax() throws {
    try LayerReference.compare("softmax", Softmax(), [2, 3, 4])
    try LayerReference.compare("softmax over an inner axis", Softmax(axis: 1), [2, 3, 4])
  }
}
