/// The weights of a block of a result's channels, and where their transforms go.
package struct WinogradWeights {
  /// The weights as a direct convolution would have them packed; `packed` is scratch memory here.
  package var weights: ConvolutionWeights
  /// Whether the window is turned round: an input's gradient is a convolution with such weights.
  package var isReversed: Bool
  /// `[products][depth][width]`, and the floats from one product to the next.
  package var target: UnsafeMutablePointer<Float>
  package var productStride: Int

  package init(
    weights: ConvolutionWeights, isReversed: Bool, target: UnsafeMutablePointer<Float>, productStride: Int
  ) {
    self.weights = weights
    self.isReversed = isReversed
    self.target = target
    self.productStride = productStride
  }
}

/// The products of some tiles: for each of the tile's products, a matrix product of its own.
package struct WinogradProducts {
  /// How many there are.
  package var count: Int
  /// Transforms whose numbers are broadcast, and the floats from one product to the next.
  package var source: UnsafePointer<Float>
  package var sourceProduct: Int
  /// The floats between neighbouring rows of the result, and between neighbouring terms.
  package var sourceStep: Int
  package var sourceDepth: Int
  /// Rows of `width` floats that are multiplied by them, one for every term.
  package var packed: UnsafePointer<Float>
  package var packedProduct: Int
  package var width: Int
  /// Rows of `width` floats.
  package var target: UnsafeMutablePointer<Float>
  package var targetProduct: Int
  /// The rows of a product's result, and the terms of a sum.
  package var rows: Int
  package var depth: Int
  /// Whether the products are added to what is there.
  package var accumulates: Bool

  package init(
    count: Int, source: UnsafePointer<Float>, sourceProduct: Int, sourceStep: Int, sourceDepth: Int,
    packed: UnsafePointer<Float>, packedProduct: Int, width: Int, target: UnsafeMutablePointer<Float>,
    targetProduct: Int, rows: Int, depth: Int, accumulates: Bool
  ) {
    self.count = count
    self.source = source
    self.sourceProduct = sourceProduct
    self.sourceStep = sourceStep
    self.sourceDepth = sourceDepth
    self.packed = packed
    self.packedProduct = packedProduct
    self.width = width
    self.target = target
    self.targetProduct = targetProduct
    self.rows = rows
    self.depth = depth
    self.accumulates = accumulates
  }
}

/// Products of tiles and the planes that they become.
package struct WinogradResult {
  package var tiling: WinogradTiling
  /// `[products][tiles][width]`, and the floats from one product to the next.
  package var products: UnsafePointer<Float>
  package var productStride: Int
  package var width: Int
  /// The rows of tiles, numbered through all images.
  package var firstRow: Int
  package var rowCount: Int
  /// The first image's first plane of the block, and the floats from one image to the next.
  package var target: UnsafeMutablePointer<Float>
  package var imageStride: Int
  /// The planes of the block.
  package var channels: Int
  /// `scratchCount` floats, aligned.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    tiling: WinogradTiling, products: UnsafePointer<Float>, productStride: Int, width: Int, firstRow: Int,
    rowCount: Int, target: UnsafeMutablePointer<Float>, imageStride: Int, channels: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    self.tiling = tiling
    self.products = products
    self.productStride = productStride
    self.width = width
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.target = target
    self.imageStride = imageStride
    self.channels = channels
    self.scratch = scratch
  }

  /// Half-transformed tiles, and a row of tiles with its channels side by side.
  package static func scratchCount(_ tiling: WinogradTiling, lanes: Int) -> Int {
    let extent = WinogradTiling.extent
    return extent * tiling.points * lanes + (extent * tiling.outputColumns + extent) * 2 * lanes
  }
}

/// Sums of tiles' products over all images, in parts, and the weights' gradient that they become.
package struct WinogradSums {
  package var tiling: WinogradTiling
  /// `count` times `[products][channels][width]`, `stride` floats apart.
  package var partials: UnsafePointer<Float>
  package var count: Int
  package var stride: Int
  package var productStride: Int
  package var width: Int
  /// The channels that are wanted.
  package var firstChannel: Int
  package var channelCount: Int
  /// The gradient of the block's first feature and first channel; features are `featureStride` floats apart.
  package var target: UnsafeMutablePointer<Float>
  package var featureStride: Int
  package var features: Int
  /// `scratchCount` floats, aligned.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    tiling: WinogradTiling, partials: UnsafePointer<Float>, count: Int, stride: Int, productStride: Int, width: Int,
    firstChannel: Int, channelCount: Int, target: UnsafeMutablePointer<Float>, featureStride: Int, features: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    self.tiling = tiling
    self.partials = partials
    self.count = count
    self.stride = stride
    self.productStride = productStride
    self.width = width
    self.firstChannel = firstChannel
    self.channelCount = channelCount
    self.target = target
    self.featureStride = featureStride
    self.features = features
    self.scratch = scratch
  }

  /// The sums of one channel, half transformed and whole, and the weights of `channels` channels.
  package static func scratchCount(_ tiling: WinogradTiling, channels: Int, lanes: Int) -> Int {
    let window = tiling.window
    return (tiling.products + window * tiling.points) * lanes + channels * window * window * 2 * lanes
  }
}
