/// The gradient of a convolution's weights: every element is a sum over images and pixels.
///
/// Features (channels of the output) lie in a vector's lanes: the output's gradient is packed, one row of `width` features
/// for every pixel. The rows of a register tile are either channels of the input or, where those are few, columns of
/// the window. Pixels at which the window's element lies outside the image are left out.
package struct ConvolutionWeightPlan {
  /// The channels of a group, and the window's rows and columns.
  package var channels: Int
  package var windowRows: Int
  package var windowColumns: Int
  /// Floats of a plane of the input, and of an image.
  package var inputPlane: Int
  package var inputImage: Int
  /// The copy of the block's channels that is read, if there is one; images are `channels · pitch` floats apart.
  package var copy: ConvolutionCopy?
  /// Floats between planes of the input as it is read.
  package var inputPitch: Int
  /// Pixels of a plane of the output, and floats of an image.
  package var outputPlane: Int
  package var outputImage: Int
  /// The images that are packed at a time.
  package var groupImages: Int
  /// Whether the rows of a tile are columns of the window instead of channels.
  package var tilesWindow: Bool
  /// The most channels of a tile.
  package var tileChannels: Int
  /// Floats of the input between neighbouring rows of a tile.
  package var sourceStep: Int
  /// For every row of the window, its run of `rowSteps` over the images of a group, image by image, and how many of them
  /// each image has.
  package var rowRuns: UnsafePointer<ConvolutionRun>
  package var rowsPerImage: UnsafePointer<Int>
  package var rowSteps: UnsafePointer<ConvolutionStep>
  /// The pieces: targets are columns of the window.
  package var pieces: UnsafePointer<ConvolutionPiece>
  package var pieceCount: Int
  package var columnSteps: UnsafePointer<ConvolutionStep>

  package init(
    channels: Int, windowRows: Int, windowColumns: Int, inputPlane: Int, inputImage: Int, copy: ConvolutionCopy?,
    inputPitch: Int, outputPlane: Int, outputImage: Int, groupImages: Int, tilesWindow: Bool, tileChannels: Int,
    sourceStep: Int,
    rowRuns: UnsafePointer<ConvolutionRun>, rowsPerImage: UnsafePointer<Int>, rowSteps: UnsafePointer<ConvolutionStep>,
    pieces: UnsafePointer<ConvolutionPiece>, pieceCount: Int, columnSteps: UnsafePointer<ConvolutionStep>
  ) {
    self.channels = channels
    self.windowRows = windowRows
    self.windowColumns = windowColumns
    self.inputPlane = inputPlane
    self.inputImage = inputImage
    self.copy = copy
    self.inputPitch = inputPitch
    self.outputPlane = outputPlane
    self.outputImage = outputImage
    self.groupImages = groupImages
    self.tilesWindow = tilesWindow
    self.tileChannels = tileChannels
    self.sourceStep = sourceStep
    self.rowRuns = rowRuns
    self.rowsPerImage = rowsPerImage
    self.rowSteps = rowSteps
    self.pieces = pieces
    self.pieceCount = pieceCount
    self.columnSteps = columnSteps
  }
}

/// A share of the weights' gradient: some images, some channels and a block of features of one group.
package struct ConvolutionWeightBlock {
  /// The first image's first channel of the group.
  package var input: UnsafePointer<Float>
  /// The first image's first plane of the block of features.
  package var gradient: UnsafePointer<Float>
  package var images: Int
  package var firstChannel: Int
  package var channelCount: Int
  /// The features of the block and the floats of a packed row: one or two vectors.
  package var features: Int
  package var width: Int
  /// `[channels][window][width]`, of which the block's channels are written.
  package var partial: UnsafeMutablePointer<Float>
  /// `groupImages · outputPlane · width` floats, aligned, and behind them a copy of the block's channels of as many images.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, images: Int, firstChannel: Int, channelCount: Int,
    features: Int, width: Int, partial: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    self.input = input
    self.gradient = gradient
    self.images = images
    self.firstChannel = firstChannel
    self.channelCount = channelCount
    self.features = features
    self.width = width
    self.partial = partial
    self.scratch = scratch
  }
}

/// Partial sums of the gradient of one block of features, and where their total goes.
package struct ConvolutionWeightPartials {
  /// `count` times `[elements][width]`, `stride` floats apart; the first is overwritten.
  package var partials: UnsafeMutablePointer<Float>
  package var count: Int
  package var stride: Int
  package var width: Int
  /// The elements (channels times window) that are wanted.
  package var firstElement: Int
  package var elementCount: Int
  /// The gradient of the block's first feature; features are `featureStride` floats apart.
  package var target: UnsafeMutablePointer<Float>
  package var featureStride: Int
  package var features: Int

  package init(
    partials: UnsafeMutablePointer<Float>, count: Int, stride: Int, width: Int, firstElement: Int, elementCount: Int,
    target: UnsafeMutablePointer<Float>, featureStride: Int, features: Int
  ) {
    self.partials = partials
    self.count = count
    self.stride = stride
    self.width = width
    self.firstElement = firstElement
    self.elementCount = elementCount
    self.target = target
    self.featureStride = featureStride
    self.features = features
  }
}
