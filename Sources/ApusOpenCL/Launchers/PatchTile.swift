import ApusCompiler
import ApusGraph

/// What a work-group of `convolution_patch.cl` owns of a convolution's result, and what it shares for that.
package struct PatchTile: Sendable, Hashable {
  /// The work-items of a work-group.
  static let group = 256

  let images: Int
  let rows: Int
  /// A power of two from 4 to 32.
  let columns: Int
  /// The features of a work-item: 4 or 8.
  let item: Int

  package init(images: Int, rows: Int, columns: Int, item: Int) {
    self.images = images
    self.rows = rows
    self.columns = columns
    self.item = item
  }

  /// The neighbours of four places.
  var places: Int { images * rows * columns / 4 }
  var features: Int { PatchTile.group / places * item }

  /// Every tile: so many pixels that a warp's work-items share their weights, and several images only where one tile has
  /// all of them. Rows of fewer than eight quads come in eights, which load from different banks.
  static let all: [PatchTile] = [4, 8, 16, 32].flatMap { columns in
    [8, 16, 32].flatMap { rows in
      [1, 2, 4, 8].flatMap { images in
        [8, 4].map { PatchTile(images: images, rows: rows, columns: columns, item: $0) }
      }
    }
  }.filter { [32, 64, 128].contains($0.places) }
}

/// A tile on a convolution's result: what is counted before one is chosen.
struct PatchPlan {
  let tile: PatchTile
  /// The channels of a step, which divide all of them.
  let channels: Int
  /// The result's extents: images, features and channels of a group, rows and columns of places.
  private let extents: (images: Int, features: Int, channels: Int, rows: Int, columns: Int)
  private let groups: Int
  private let view: PatchView

  /// - Returns: nil where the pass or the window is not such a convolution, or the tile takes more than a device has.
  init?(_ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, _ tile: PatchTile, _ device: OpenCLDevice) {
    let view = PatchView(pass, shape.window)
    self.view = view
    groups = shape.groups
    self.tile = tile
    switch pass {
    case .forward:
      extents = (shape.images, shape.groupFeatures, shape.groupChannels, shape.output[0], shape.output[1])
    case .inputGradient:
      let places = (0..<2).map { shape.input[$0].divided(by: view.phases[$0]) }
      extents = (shape.images, shape.groupChannels, shape.groupFeatures, places[0], places[1])
    case .weightGradient: return nil
    }
    // One tap is a matrix product, and a patch would have nothing to share, but for what the tap skips.
    guard shape.taps * view.pixels > 1, device.largestWorkGroup >= PatchTile.group,
      tile.images == 1 || (extents.rows <= tile.rows && extents.columns <= tile.columns)
    else { return nil }
    // A place of several pixels has sums for each, and saves so much more than the work-items that find no room beside it.
    let registers = min(TilingDefaults.of(device).registers * min(view.pixels, 2), PatchPlan.registers)
    let memory = min(TilingDefaults.of(device).localMemory, device.localMemory, PatchPlan.memory)
    let all = extents.channels
    var channels = 0
    for count in 1...8 where all % count == 0 {
      let plan = PatchPlan(tile, count, extents, groups, view)
      if plan.registers <= registers && plan.localMemory <= memory { channels = count }
    }
    guard channels > 0 else { return nil }
    self.channels = channels
  }

  private init(
    _ tile: PatchTile, _ channels: Int, _ extents: (Int, Int, Int, Int, Int), _ groups: Int, _ view: PatchView
  ) {
    (self.tile, self.channels, self.extents, self.groups, self.view) = (tile, channels, extents, groups, view)
  }

  /// With more registers or local memory, a compute unit of 65,536 registers and 64 KB has one work-group, and nothing to
  /// do while it waits.
  static let registers = 128
  static let memory = 32 << 10

  /// The elements that a work-item takes from memory in a step.
  private var loads: Int {
    let plane = tile.images * view.length(0, of: tile.rows) * view.length(1, of: tile.columns)
    let weights = view.taps * tile.features
    return (channels * plane).divided(by: PatchTile.group) + (channels * weights).divided(by: PatchTile.group)
  }

  /// The bytes of local memory of a work-group, as the kernel's macros count them.
  var localMemory: Int {
    let pitch = (((tile.columns / 4 - 1) * view.moves[1] + view.vectorsOfQuad) | 1) * 4
    let floats = tile.images * view.length(0, of: tile.rows) * pitch + view.taps * (tile.features + 4)
    return 2 * channels * floats * 4
  }

  /// The registers that a work-item takes, by estimate: its sums, what it multiplies, and for each element that it loads a
  /// value, where it comes from and where it goes. An assembler for NVIDIA's GPUs takes 61 to 123 for 57 to 120, and 122 to
  /// 127 for 123 to 126 where a place is four pixels.
  var registers: Int {
    let besides = view.pixels == 1 ? 24 : 38
    return 4 * view.pixels * tile.item + 4 * view.vectorsOfQuad + tile.item + 3 * loads + besides
  }

  /// The work-groups along each dimension of a launch.
  var grid: [Int] {
    [
      extents.images.divided(by: tile.images) * extents.rows.divided(by: tile.rows)
        * extents.columns.divided(by: tile.columns),
      extents.features.divided(by: tile.features), groups,
    ]
  }

  /// The instructions of all work-items, as they were counted in the machine code for NVIDIA's GPUs: beside multiply-adds
  /// and loads from local memory, 8 for each element of a step and 30 for the step.
  var instructions: Double {
    let adds = view.taps * tile.item * 4
    let shared = view.rowsOfTaps * view.vectorsOfQuad + view.taps * tile.item / 4
    let step = channels * (adds + shared) + 8 * loads + 30
    return Double(grid.reduce(PatchTile.group, *)) * Double(extents.channels / channels * step)
  }
}
