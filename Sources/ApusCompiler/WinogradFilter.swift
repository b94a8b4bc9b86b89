import ApusGraph

/// A convolution's product as Winograd's minimal filtering computes it, in tiles of 4×4 pixels of what the filter makes.
///
/// The gradient of the input is a convolution of the output's gradient with reversed weights, so its extents and channels
/// change places. The gradient of the weights has the tiles of the forward product, of which it sums the transforms' products.
package struct WinogradFilter: Sendable {
  /// The rows and columns of a tile of what the filter makes.
  package static let extent = 4

  /// The rows and columns of the window: 3 or 5.
  package let window: Int
  /// The rows and columns of an image of what the filter reads, and of what it makes.
  package let input: [Int]
  package let output: [Int]
  /// Rows and columns of zeros before the first pixel that is read.
  package let padding: [Int]
  /// The channels of one group that are read, and those that are made.
  package let inChannels: Int
  package let outChannels: Int

  /// Nil unless the window is 3×3 or 5×5, moves by one, has no gaps and reaches no further than its own size over the edges.
  package init?(_ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape) {
    let window = shape.window
    guard window.size == [3, 3] || window.size == [5, 5], window.strides == [1, 1], window.dilation == [1, 1] else {
      return nil
    }
    self.window = window.size[0]
    let (channels, features) = (shape.channels / shape.groups, shape.features / shape.groups)
    if pass == .inputGradient {
      padding = window.padding.map { window.size[0] - 1 - $0 }
      (input, output) = (shape.output, shape.input)
      (inChannels, outChannels) = (features, channels)
    } else {
      padding = window.padding
      (input, output) = (shape.input, shape.output)
      (inChannels, outChannels) = (channels, features)
    }
    guard padding.allSatisfy({ $0 >= 0 }), shape.output.allSatisfy({ $0 > 0 }) else { return nil }
  }

  /// The points along one axis at which polynomials are multiplied, as many as a tile of what is read has rows.
  package var points: Int { window + WinogradFilter.extent - 1 }
  /// The products of a tile for each pair of channels.
  package var products: Int { points * points }
  /// Rows and columns of tiles.
  package var tiles: [Int] { output.map { ($0 + WinogradFilter.extent - 1) / WinogradFilter.extent } }
}
