import ApusGraph
import ApusLayers
import Testing

/// Norms against PyTorch's, with what batch norm keeps from step to step.
@Suite struct NormalizationTests {
  @Test func normsOfSamples() throws {
    try LayerReference.compare("layer norm", LayerNorm(6), [2, 3, 6])
    try LayerReference.compare("layer norm without bias", LayerNorm(5, epsilon: 1e-2, bias: false), [3, 5])
    try LayerReference.compare("RMS norm", RMSNorm(6, epsilon: 1e-3), [2, 2, 6])
    try LayerReference.compare("group norm", GroupNorm(groups: 2, channels: 4), [2, 4, 3, 2])
    try LayerReference.compare("group norm of samples", GroupNorm(groups: 3, channels: 6, epsilon: 1e-2), [3, 6])
  }

  @Test(arguments: [
    ("batch norm in training", BatchNorm(3), [2, 3, 2, 3], true),
    ("batch norm of samples in training", BatchNorm(4, momentum: 0.3, epsilon: 1e-2), [5, 4], true),
    ("batch norm without parameters in training", BatchNorm(2, affine: false), [2, 2, 2, 2], true),
    ("batch norm in use", BatchNorm(3), [2, 3, 2, 2], false),
    ("batch norm of samples in use", BatchNorm(4, epsilon: 1e-2), [3, 4], false),
  ])
  func batchNorms(name: String, layer: BatchNorm, shape: [Int], isTraining: Bool) throws {
    try LayerReference.compare(
      name, layer, Shape(shape), isTraining: isTraining,
      others: [
        "running_mean": LayerReference.contents(layer.channels, seed: 70),
        "running_var": LayerReference.contents(layer.channels, seed: 71).map { $0 + 1.5 },
      ])
  }
}
