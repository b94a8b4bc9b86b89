import ApusCPUKernels
import ApusCompiler
import ApusGraph

/// How the CPU backend carries out convolutions.
package enum ConvolutionMethod: Sendable {
  /// Winograd's way where it is faster.
  case fastest
  /// Never Winograd's way.
  case direct
  /// Winograd's way wherever there is one, however slow.
  case winograd
}

/// What the three products of a Winograd convolution have in common: the tiling, and blocks of tiles that a second-level
/// cache holds between the steps.
struct WinogradGeometry {
  let tiling: WinogradTiling
  /// The rows of tiles of all images, in blocks.
  let rowBlocks: [Range<Int>]
  /// Images, and floats of a plane before and behind the transforms.
  let images: Int
  let inputPlane: Int
  let outputPlane: Int
  /// Floats that a tile's transforms take.
  private let floatsPerTile: Int

  /// - Parameters:
  ///   - floatsPerTile: what a tile's transforms take.
  ///   - images: the images whose rows of tiles are cut into blocks.
  ///   - blocks: as many blocks as are wanted at least, where there are so many rows of tiles.
  init(_ filter: WinogradFilter, floatsPerTile: Int, images: Int, blocks: Int) {
    let (input, output) = (filter.input, filter.output)
    tiling = WinogradTiling(
      window: filter.window, inputRows: input[0], inputColumns: input[1], rowPadding: filter.padding[0],
      columnPadding: filter.padding[1], outputRows: output[0], outputColumns: output[1])
    self.images = images
    self.floatsPerTile = floatsPerTile
    inputPlane = input[0] * input[1]
    outputPlane = output[0] * output[1]
    let tiles = max(WinogradGeometry.fewestTiles, WinogradGeometry.blockFloats / floatsPerTile)
    let rows = images * tiling.tileRows
    rowBlocks = Workers.blocks(rows, of: max(1, min(tiles / tiling.tileColumns, rows / max(blocks, 1))))
  }

  /// Floats of a block's transforms that a second-level cache holds beside the weights.
  private static let blockFloats = 80_000
  /// Tiles that are worth loading a product's weights.
  private static let fewestTiles = 28

  /// Floats of a block's transforms that a thread may take where rows of tiles are long: 16 megabytes.
  private static let floatLimit = 4 << 20

  /// The most tiles of a block.
  var tiles: Int { (rowBlocks.first?.count ?? 0) * tiling.tileColumns }

  /// The floats of a transform's block of so many channels, from one product to the next: not a power of two, whose
  /// multiples would fall into few sets of a cache.
  func productStride(_ width: Int) -> Int { tiles * width + 16 }
}

extension WinogradGeometry {
  /// What transforming one vector of a tile takes, memory included, in multiplications for each of its products: as
  /// measured with AVX-512 where source and result have 16 channels.
  private static let transformCost = 16
  /// The same for the weights, which lie closer together.
  private static let weightCost = 4

  /// Whether a product is faster in tiles than as direct sums, by the vectors of multiplications that each takes.
  ///
  /// - Parameters:
  ///   - depth: channels of the source in one group.
  ///   - channels: channels of the result in one group.
  func isFaster(depth: Int, channels: Int, lanes: Int) -> Bool {
    guard self.tiles * floatsPerTile <= WinogradGeometry.floatLimit else { return false }
    func vectors(_ count: Int) -> Int { (count + lanes - 1) / lanes }
    let tiles = images * tiling.tileRows * tiling.tileColumns
    let direct = images * outputPlane * tiling.window * tiling.window * depth * vectors(channels)
    let products = tiles * depth * vectors(channels)
    let transforms = WinogradGeometry.transformCost * tiles * (vectors(depth) + vectors(channels))
    let weights = WinogradGeometry.weightCost * depth * vectors(channels)
    return tiling.products * (products + transforms + weights) < direct
  }
}
