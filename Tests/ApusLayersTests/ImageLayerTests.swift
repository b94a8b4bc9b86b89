import ApusGraph
import ApusLayers
import Testing

/// Convolutions and poolings against PyTorch's.
@Suite struct ImageLayerTests {
  @Test(arguments: [
    ("convolution", Convolution2D(2, 3, size: 3), [2, 2, 5, 4]),
    ("convolution of stride 2", Convolution2D(2, 3, size: 3, stride: 2, padding: 1), [1, 2, 6, 5]),
    ("convolution of stride 3 over what is left", Convolution2D(1, 2, size: 2, stride: 3), [1, 1, 7, 6]),
    ("dilated convolution", Convolution2D(1, 2, size: 3, padding: nil, dilation: 2), [1, 1, 6, 5]),
    (
      "dilated convolution of stride 2", Convolution2D(2, 1, size: 2, stride: 2, padding: 1, dilation: 3),
      [1, 2, 6, 7]
    ),
    ("convolution in groups", Convolution2D(4, 6, size: 3, padding: nil, groups: 2), [1, 4, 3, 4]),
    (
      "depthwise convolution", Convolution2D(3, 3, size: 3, stride: 2, padding: 1, groups: 3, bias: false),
      [2, 3, 5, 4]
    ),
    ("depthwise convolution with two outputs", Convolution2D(2, 4, size: 3, padding: 1, groups: 2), [1, 2, 4, 3]),
    ("pointwise convolution", Convolution2D(3, 2, size: 1), [2, 3, 2, 3]),
  ])
  func convolutions(name: String, layer: Convolution2D, shape: [Int]) throws {
    try LayerReference.compare(name, layer, Shape(shape))
  }

  @Test(arguments: [
    ("transposed convolution", TransposedConvolution2D(2, 3, size: 3), [2, 2, 3, 2]),
    (
      "transposed convolution with output padding",
      TransposedConvolution2D(2, 3, size: 3, stride: 2, padding: 1, outputPadding: 1), [1, 2, 3, 4]
    ),
    (
      "transposed convolution in groups",
      TransposedConvolution2D(4, 2, size: 3, stride: 3, padding: 1, outputPadding: 2, groups: 2), [1, 4, 2, 3]
    ),
    (
      "dilated transposed convolution",
      TransposedConvolution2D(1, 2, size: 2, stride: 2, padding: 1, dilation: 2, bias: false), [1, 1, 3, 3]
    ),
  ])
  func transposedConvolutions(name: String, layer: TransposedConvolution2D, shape: [Int]) throws {
    try LayerReference.compare(name, layer, Shape(shape))
  }

  @Test func poolings() throws {
    try LayerReference.compare("max pooling", MaxPool2D(2), [1, 2, 5, 4])
    try LayerReference.compare("overlapping max pooling", MaxPool2D(3, stride: 2, padding: 1), [1, 2, 5, 6])
    try LayerReference.compare("average pooling", AveragePool2D(2), [1, 2, 4, 5])
    try LayerReference.compare("overlapping average pooling", AveragePool2D(3, stride: 2, padding: 1), [1, 2, 5, 6])
    try LayerReference.compare("global average pooling", GlobalAveragePool2D(), [2, 3, 3, 2])
  }

  @Test func theFirstOfEqualsIsTheLargest() throws {
    try LayerReference.compare(
      "max pooling of equals", MaxPool2D(3, stride: 2, padding: 1), [2, 2, 5, 6],
      input: LayerReference.steps(120, seed: 0))
  }
}
