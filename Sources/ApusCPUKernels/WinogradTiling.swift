/// How a Winograd convolution cuts planes into tiles: 4×4 pixels of the convolution's output, and the windows of its input
/// that these are made of.
///
/// A tile of the input is transformed into `points · points` numbers, as the polynomial of its pixels is into values at
/// as many pairs of points; there the convolution is one product each.
///
/// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.
package struct WinogradTiling: Sendable, BitwiseCopyable {
  /// The rows and columns of a tile of the output.
  package static let extent = 4

  /// The rows and columns of the weights: 3 or 5.
  package var window: Int
  /// The rows and columns of a plane of the convolution's input, and the zeros before them.
  package var inputRows: Int
  package var inputColumns: Int
  package var rowPadding: Int
  package var columnPadding: Int
  /// The rows and columns of a plane of its output.
  package var outputRows: Int
  package var outputColumns: Int

  package init(
    window: Int, inputRows: Int, inputColumns: Int, rowPadding: Int, columnPadding: Int, outputRows: Int,
    outputColumns: Int
  ) {
    self.window = window
    self.inputRows = inputRows
    self.inputColumns = inputColumns
    self.rowPadding = rowPadding
    self.columnPadding = columnPadding
    self.outputRows = outputRows
    self.outputColumns = outputColumns
  }

  /// The points along one axis, which are as many as the rows of a tile of the input.
  package var points: Int { window + WinogradTiling.extent - 1 }
  /// The products of a tile.
  package var products: Int { points * points }
  /// The tiles along the axes of a plane.
  package var tileRows: Int { (outputRows + WinogradTiling.extent - 1) / WinogradTiling.extent }
  package var tileColumns: Int { (outputColumns + WinogradTiling.extent - 1) / WinogradTiling.extent }

  /// The columns of a row of tiles of the input, in whole groups of four.
  package var bandColumns: Int { (WinogradTiling.extent * tileColumns + window + 2) / 4 * 4 }

  /// Floats from one channel's rows to the next where those of a tile are copied: an odd multiple of 64 bytes, so that
  /// channels fall into different sets of a first-level cache.
  package var rowsPitch: Int { (points * max(inputColumns, outputColumns) + 31) / 32 * 32 + 16 }
}

/// Which tiles are transformed, and how.
package enum WinogradSide: Sendable {
  /// Tiles of the input, which overlap.
  case input
  /// Tiles of the output's gradient, which do not.
  case outputGradient
}

/// Some rows of tiles of some planes, and where their transforms go.
package struct WinogradExpansion {
  package var tiling: WinogradTiling
  package var side: WinogradSide
  /// The first image's first plane, and the floats from one image to the next.
  package var source: UnsafePointer<Float>
  package var imageStride: Int
  /// The planes of an image: as many channels lie side by side behind the transform, and zeros up to a whole vector.
  package var channels: Int
  /// The rows of tiles that are wanted, numbered through all images.
  package var firstRow: Int
  package var rowCount: Int
  /// `[products][tiles][channels]`: the floats from one tile to the next, and from one product to the next.
  package var target: UnsafeMutablePointer<Float>
  package var tileStride: Int
  package var productStride: Int
  /// `scratchCount` floats, aligned.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    tiling: WinogradTiling, side: WinogradSide, source: UnsafePointer<Float>, imageStride: Int, channels: Int,
    firstRow: Int, rowCount: Int, target: UnsafeMutablePointer<Float>, tileStride: Int, productStride: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    self.tiling = tiling
    self.side = side
    self.source = source
    self.imageStride = imageStride
    self.channels = channels
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.target = target
    self.tileStride = tileStride
    self.productStride = productStride
    self.scratch = scratch
  }

  /// Rows of each channel as they lie in the plane, rows of pixels with their channels side by side, and these after the first
  /// half of the transform.
  package static func scratchCount(_ tiling: WinogradTiling, lanes: Int) -> Int {
    (tiling.rowsPitch + 2 * tiling.points * tiling.bandColumns) * lanes
  }
}
