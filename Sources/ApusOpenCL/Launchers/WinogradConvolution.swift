import ApusCompiler
import ApusGraph

/// How a processor computes a convolution by Winograd's minimal filtering: tiles of 4×4 pixels in 36 products a channel
/// instead of 144 for a window of 3×3, and in 64 instead of 400 for one of 5×5.
///
/// Some images at a time are transformed, multiplied in one batch of matrix products, one for each product of a tile, and
/// transformed back, so that what lies between is still in the cache. To the weights, the products are summed over all tiles
/// before they are transformed back, one slice of images after the other. Errors are up to 5 times those of the direct sums
/// (7 to 20 times for 5×5), and a number that is not finite spreads over its tile.
struct WinogradConvolution {
  let filter: WinogradFilter
  let pass: ConvolutionKernel.Pass
  let images: Int
  /// Images whose transforms are in memory together; the last of them may be fewer.
  let sliceImages: Int
  private let computeUnits: Int

  /// Bytes of a slice's transforms that stay in the caches.
  private static let sliceSize = 8 << 20
  /// Bytes of scratch memory that a convolution may take.
  private static let scratchLimit = 16 << 20

  /// Nil unless there is such a filter, there is one group, and the memory suffices.
  init?(_ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, _ device: OpenCLDevice) {
    guard shape.groups == 1, let filter = WinogradFilter(pass, shape),
      (filter.input + filter.output + [shape.images]).allSatisfy({ $0 > 0 })
    else { return nil }
    self.filter = filter
    self.pass = pass
    images = shape.images
    computeUnits = device.computeUnits
    let (inStride, outStride) = (
      WinogradConvolution.stride(filter.inChannels), WinogradConvolution.stride(filter.outChannels)
    )
    let imageSize = filter.products * filter.tiles[0] * filter.tiles[1] * 4 * (inStride + outStride)
    let weights = filter.products * filter.inChannels * outStride * 4
    let sliceSize = min(WinogradConvolution.sliceSize, (WinogradConvolution.scratchLimit - weights) / 4 * 3)
    let most = min(max(sliceSize / imageSize, 1), images)
    // Slices of one size need one kernel.
    sliceImages = (most.divided(by: 2)...most).last { shape.images % $0 == 0 } ?? most
    guard scratchSize <= WinogradConvolution.scratchLimit else { return nil }
  }

  /// From one tile or channel to the next, in floats: whole vectors, and no large power of two, whose multiples would fall
  /// into few sets of a cache.
  private static func stride(_ channels: Int) -> Int {
    let width = channels.divided(by: 16) * 16
    return width % 128 == 0 ? width + 16 : width
  }

  /// The tiles of a slice.
  private var rows: Int { sliceImages * filter.tiles[0] * filter.tiles[1] }
  var inStride: Int { WinogradConvolution.stride(filter.inChannels) }
  var outStride: Int { WinogradConvolution.stride(filter.outChannels) }
  /// From one product to the next, in floats: of the weights' transforms, or of their gradient's sums.
  var weightStride: Int { filter.inChannels * outStride + 16 }
  var sourceStride: Int { rows * inStride + 16 }
  var resultStride: Int { rows * outStride + 16 }

  /// Which of a convolution's images tiles are taken from or written to.
  enum Side {
    /// What the filter reads.
    case source
    /// What the filter makes, or the gradient of it.
    case result
  }

  /// Scratch memory of a work-item that transforms an image's block of channels, in floats.
  func slotSize(_ side: Side) -> Int {
    let overlap = side == .source ? filter.window - 1 : 0
    let extents = filter.tiles.map { $0 * WinogradFilter.extent + overlap }
    let isMade = side == .result && pass != .weightGradient
    let rest =
      isMade ? (filter.output[0] * filter.output[1]).divided(by: 16) * 16 : filter.points * extents[1]
    return ((extents[0] * extents[1] + rest) * 16).paddedToAlignment
  }

  /// Work-items that share a slice's images and blocks of channels.
  func items(_ side: Side) -> Int {
    let channels = side == .source ? filter.inChannels : filter.outChannels
    return min(sliceImages * channels.divided(by: 16), 4 * computeUnits)
  }

  /// In floats: `parts(of:)`.
  private var scratchSizes: [Int] {
    let slots = [Side.source, .result].map { items($0) * slotSize($0) }
    let transforms = [weightStride, sourceStride, resultStride].map { $0 * filter.products }
    return (transforms + [max(slots[0], slots[1])]).map(\.paddedToAlignment)
  }
  /// In bytes.
  var scratchSize: Int { scratchSizes.reduce(0, +) * 4 }

  /// The weights, the source and the result between the transforms, and the work-items' own memory.
  func parts(
    of scratch: MemoryRange
  ) -> (weights: MemoryRange, source: MemoryRange, result: MemoryRange, slots: MemoryRange) {
    let sizes = scratchSizes.map { $0 * 4 }
    let ranges = sizes.indices.map { scratch.range(at: sizes[..<$0].reduce(0, +), size: sizes[$0]) }
    return (ranges[0], ranges[1], ranges[2], ranges[3])
  }

  /// The macros by which kernels know the window.
  var macros: [String: String] { ["WINDOW": "\(filter.window)"] }

  /// The launch of `winograd_input` for some images: of what is read, or of the output's gradient.
  func expansion(
    _ suffix: KernelSuffix, of side: Side, _ memory: MemoryRange, images: Range<Int>, to target: MemoryRange,
    _ slots: MemoryRange
  ) -> PlannedLaunch {
    let isSource = side == .source
    let extents = isSource ? filter.input : filter.output
    let padding = isSource ? filter.padding : [0, 0]
    return PlannedLaunch(
      suffix.name(of: "winograd_input"),
      [
        .size(images.lowerBound), .size(images.count), .size(isSource ? filter.inChannels : filter.outChannels),
        .size(extents[0]), .size(extents[1]), .size(filter.tiles[0]), .size(filter.tiles[1]), .size(padding[0]),
        .size(padding[1]), .memory(memory), .memory(slots), .elements(slotSize(side)), .memory(target),
        .elements(isSource ? sourceStride : resultStride), .elements(isSource ? inStride : outStride),
      ], groups: [items(side)], local: [1])
  }

  /// The ranges of images that are in memory together.
  var slices: [Range<Int>] {
    Swift.stride(from: 0, to: images, by: sliceImages).map { $0..<min($0 + sliceImages, images) }
  }
}

extension WinogradConvolution {
  /// What making a vector of the source's transform takes, memory included, in multiply-adds of a vector; the same to the
  /// weights for the output's gradient.
  private static let sourceCost = 40
  /// The same for the result's, with writing the product and reading it again.
  private static let resultCost = 80
  /// The same for the weights, and for their gradient.
  private static let weightCost = 40
  /// What a multiply-add of the direct sums takes beside one of a matrix product, their copies of the images included.
  private static let directCost = 1.4
  /// The same of the direct sums to the weights, which are added in registers over a whole image.
  private static let directWeightCost = 1.0

  /// Whether it takes less than the direct sums, by counts that were measured with AVX-512.
  var isFaster: Bool {
    let (inChannels, outChannels) = (filter.inChannels, filter.outChannels)
    let tiles = images * filter.tiles[0] * filter.tiles[1]
    let (inVectors, outVectors) = (inChannels.divided(by: 16), outChannels.divided(by: 16))
    let pixels = images * filter.output[0] * filter.output[1]
    let direct = pixels * filter.window * filter.window * inChannels * outChannels / 16
    let isGradient = pass == .weightGradient
    let resultCost = isGradient ? WinogradConvolution.sourceCost : WinogradConvolution.resultCost
    let directCost = isGradient ? WinogradConvolution.directWeightCost : WinogradConvolution.directCost
    let transforms = WinogradConvolution.sourceCost * inVectors + resultCost * outVectors
    let weights = WinogradConvolution.weightCost * inChannels * outVectors
    let perProduct = tiles * (inChannels * outVectors + transforms) + weights
    return Double(filter.products * perProduct) < directCost * Double(direct)
  }
}
