/// A step of one of a convolution's sums: where a run of terms begins.
package struct ConvolutionStep: Sendable, Hashable, BitwiseCopyable {
  /// Floats from the first operand's start.
  package var source: Int
  /// Rows of the packed operand from its start.
  package var packed: Int

  package init(source: Int, packed: Int) {
    self.source = source
    self.packed = packed
  }
}

/// A run of a list.
package struct ConvolutionRun: Sendable, Hashable, BitwiseCopyable {
  package var first: Int
  package var count: Int

  package init(first: Int, count: Int) {
    self.first = first
    self.count = count
  }
}

/// Neighbouring columns of the result, or of the packed operand, that share their terms.
package struct ConvolutionPiece: Sendable, Hashable, BitwiseCopyable {
  /// Where the piece's first row goes, in rows of the tile's memory.
  package var target: Int
  /// The rows of the register tile; 0 where the caller says.
  package var rows: Int
  /// The steps along an image's columns.
  package var steps: ConvolutionRun
  /// Terms of a step, and the floats of the source and the rows of the packed operand from one to the next.
  package var depth: Int
  package var sourceDepth: Int
  package var packedDepth: Int
  /// Whether the sums are added to what is there.
  package var accumulates: Bool

  package init(
    target: Int, rows: Int, steps: ConvolutionRun, depth: Int, sourceDepth: Int, packedDepth: Int, accumulates: Bool
  ) {
    self.target = target
    self.rows = rows
    self.steps = steps
    self.depth = depth
    self.sourceDepth = sourceDepth
    self.packedDepth = packedDepth
    self.accumulates = accumulates
  }
}

/// What the forward product and the gradient of the input have in common: every element of the result is a sum over
/// elements of the window and channels of the source, and neighbouring elements read neighbouring sources.
///
/// Channels of the result lie in a vector's lanes and pixels in the rows of a register tile, so the source is read where
/// it lies and only the weights are packed: for every element of the window and every channel of the source a row of
/// `width` weights. Elements of the window outside the image are left out, so nothing is padded.
package struct ConvolutionPlan {
  /// Rows and columns of a plane of the result.
  package var rows: Int
  package var columns: Int
  /// For every row of the result, its run of `rowSteps`: the source's rows and the window's.
  package var rowRuns: UnsafePointer<ConvolutionRun>
  package var rowSteps: UnsafePointer<ConvolutionStep>
  /// The pieces that make up a row of the result, and their steps: the source's columns and the window's.
  package var pieces: UnsafePointer<ConvolutionPiece>
  package var pieceCount: Int
  package var columnSteps: UnsafePointer<ConvolutionStep>
  /// Pixels of the result between neighbouring rows of a tile.
  package var pixelStep: Int
  /// Floats of the source between neighbouring rows of a tile.
  package var sourceStep: Int
  /// Floats between planes of the source as it is read.
  package var sourcePlane: Int
  /// The copy of the source that is read, if there is one.
  package var copy: ConvolutionCopy?
  /// Rows of the result that are computed before they are transposed to where they go.
  package var bandRows: Int

  package init(
    rows: Int, columns: Int, rowRuns: UnsafePointer<ConvolutionRun>, rowSteps: UnsafePointer<ConvolutionStep>,
    pieces: UnsafePointer<ConvolutionPiece>, pieceCount: Int, columnSteps: UnsafePointer<ConvolutionStep>,
    pixelStep: Int, sourceStep: Int, sourcePlane: Int, copy: ConvolutionCopy?, bandRows: Int
  ) {
    self.rows = rows
    self.columns = columns
    self.rowRuns = rowRuns
    self.rowSteps = rowSteps
    self.pieces = pieces
    self.pieceCount = pieceCount
    self.columnSteps = columnSteps
    self.pixelStep = pixelStep
    self.sourceStep = sourceStep
    self.sourcePlane = sourcePlane
    self.copy = copy
    self.bandRows = bandRows
  }
}

/// How planes are copied: to another distance, and with zeros at the ends of their rows.
package struct ConvolutionCopy: Sendable, Hashable, BitwiseCopyable {
  package var channels: Int
  package var rows: Int
  package var columns: Int
  package var zerosBefore: Int
  package var zerosAfter: Int
  /// Floats from one plane of the copy to the next: a vector more than the plane has at least.
  package var pitch: Int

  package init(channels: Int, rows: Int, columns: Int, zerosBefore: Int, zerosAfter: Int, pitch: Int) {
    self.channels = channels
    self.rows = rows
    self.columns = columns
    self.zerosBefore = zerosBefore
    self.zerosAfter = zerosAfter
    self.pitch = pitch
  }
}

/// One image's part of a result for one block of its channels.
package struct ConvolutionBlock {
  /// The image's first channel of the group.
  package var source: UnsafePointer<Float>
  /// The block's packed weights.
  package var weights: UnsafePointer<Float>
  /// The image's first plane of the block.
  package var result: UnsafeMutablePointer<Float>
  /// The planes of the block, and the floats of a row of weights: one or two vectors.
  package var channels: Int
  package var width: Int
  /// The rows of the result that are wanted.
  package var firstRow: Int
  package var rows: Int
  /// `bandRows · columns · width` floats, aligned, and behind them a copy of the source.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>, channels: Int,
    width: Int, firstRow: Int, rows: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.weights = weights
    self.result = result
    self.channels = channels
    self.width = width
    self.firstRow = firstRow
    self.rows = rows
    self.scratch = scratch
  }
}

/// Weights and the packed form that a block's kernel reads.
package struct ConvolutionWeights {
  /// The weight at the block's first channel of the result, the group's first channel of the source and the window's
  /// first element.
  package var weights: UnsafePointer<Float>
  /// Floats from one channel of the result to the next, and of the source; elements of the window are neighbours.
  package var resultStride: Int
  package var sourceStride: Int
  package var channels: Int
  package var depth: Int
  package var window: Int
  /// `[window][depth][width]`; lanes past the channels become zero.
  package var packed: UnsafeMutablePointer<Float>
  /// Floats from one element of the window to the next.
  package var windowStride: Int
  package var width: Int

  package init(
    weights: UnsafePointer<Float>, resultStride: Int, sourceStride: Int, channels: Int, depth: Int, window: Int,
    packed: UnsafeMutablePointer<Float>, windowStride: Int, width: Int
  ) {
    self.weights = weights
    self.resultStride = resultStride
    self.sourceStride = sourceStride
    self.channels = channels
    self.depth = depth
    self.window = window
    self.packed = packed
    self.windowStride = windowStride
    self.width = width
  }
}
