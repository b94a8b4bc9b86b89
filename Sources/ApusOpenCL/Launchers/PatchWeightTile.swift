import ApusCompiler
import ApusGraph

/// What a work-group of `convolution_patch_weights.cl` owns of the weights' gradient, and what it shares for that.
package struct PatchWeightTile: Sendable, Hashable {
  let features: Int
  let channels: Int
  /// The pixels of a step.
  let rows: Int
  let columns: Int

  package init(features: Int, channels: Int, rows: Int, columns: Int) {
    self.features = features
    self.channels = channels
    self.rows = rows
    self.columns = columns
  }

  /// All that a device may be offered.
  static let all: [PatchWeightTile] = [8, 16, 32].flatMap { features in
    [1, 2, 4, 8, 16, 32].flatMap { channels in
      [2, 4, 8].flatMap { rows in
        [4, 8, 16, 32].map { PatchWeightTile(features: features, channels: channels, rows: rows, columns: $0) }
      }
    }
  }
}

/// A tile on the gradient of a convolution's weights: what is counted before one is chosen.
struct PatchWeightPlan {
  let tile: PatchWeightTile
  /// The features and channels of a work-item: as many sums as leave registers for the rest.
  let item: (features: Int, channels: Int)
  private let shape: ConvolutionShape

  /// - Returns: nil where the window or the tile takes more than a device has.
  init?(_ shape: ConvolutionShape, _ tile: PatchWeightTile, _ device: OpenCLDevice) {
    guard shape.taps > 1, device.largestWorkGroup >= PatchTile.group else { return nil }
    let limit = min(TilingDefaults.of(device).registers, PatchPlan.registers)
    let items = [(2, 2), (2, 1), (1, 1)].filter { features, channels in
      tile.features % features == 0 && tile.channels % channels == 0
        && features * channels * shape.taps + PatchWeightPlan.registersBesideSums <= limit
    }
    guard let item = items.first else { return nil }
    (self.tile, self.item, self.shape) = (tile, item, shape)
    let memory = min(TilingDefaults.of(device).localMemory, device.localMemory, PatchPlan.memory)
    guard PatchTile.group % cells == 0, parts <= quads, localMemory <= memory else { return nil }
  }

  /// What a work-item takes beside its sums, by estimate: an assembler for NVIDIA's GPUs takes 116 to 126 for 36 and 50.
  private static let registersBesideSums = 76

  private var cells: Int { tile.features / item.features * (tile.channels / item.channels) }
  /// The work-items of one place, which share its pixels.
  private var parts: Int { PatchTile.group / cells }
  private var quads: Int { tile.rows * tile.columns / 4 }
  private var view: PatchView { PatchView(.weightGradient, shape.window) }

  /// The bytes of local memory of a work-group, as the kernel's macros count them.
  var localMemory: Int {
    let pitch = (tile.columns / 4 - 1) * view.moves[1] + view.vectorsOfQuad
    let tiles = tile.channels * (view.length(0, of: tile.rows) * pitch | 1) + tile.features * (quads | 1)
    let sums = (cells * item.features * item.channels * shape.taps).divided(by: 4)
    return 16 * (parts > 1 ? max(tiles, sums) : tiles)
  }

  /// The steps that all pixels take.
  var steps: Int {
    shape.images * shape.output[0].divided(by: tile.rows) * shape.output[1].divided(by: tile.columns)
  }
  /// The work-groups along each dimension of a launch without slices.
  var grid: [Int] {
    [shape.groupChannels.divided(by: tile.channels), shape.groupFeatures.divided(by: tile.features), shape.groups]
  }

  /// As many slices as keep a device busy.
  func ruledSplits(_ device: OpenCLDevice) -> Int {
    TilingDefaults.of(device).splits(tiles: grid.reduce(1, *), steps: steps, device)
  }

  /// The instructions of all work-items, as they were counted in the machine code for NVIDIA's GPUs: beside multiply-adds
  /// and loads from local memory, 9 for four pixels, 8 for each element of a step and 120 for the step.
  var instructions: Double {
    func loads(_ plane: Int, _ planes: Int) -> Int {
      plane < PatchTile.group
        ? planes.divided(by: PatchTile.group / plane) : planes * plane.divided(by: PatchTile.group)
    }
    let quad =
      item.features * (1 + item.channels * shape.taps * 4) + item.channels * view.rowsOfTaps * view.vectorsOfQuad + 9
    let elements =
      loads(view.length(0, of: tile.rows) * view.length(1, of: tile.columns), tile.channels)
      + loads(quads * 4, tile.features)
    return Double(grid.reduce(PatchTile.group, *))
      * Double(steps * (quads.divided(by: parts) * quad + 8 * elements + 120))
  }
}
