import ApusCPUKernels
import ApusExpression

/// Computes a share of the weights' gradient: the gradients of a few images are packed at a time, and then every tile
/// of weights runs over all their pixels.
func sumConvolutionWeights(_ plan: UnsafePointer<ConvolutionWeightPlan>, _ block: ConvolutionWeightBlock) {
  let p = plan.pointee
  let elements = p.windowRows * p.windowColumns
  let first = block.partial + block.firstChannel * elements * block.width
  first.update(repeating: 0, count: block.channelCount * elements * block.width)
  var image = 0
  while image < block.images {
    let images = min(p.groupImages, block.images - image)
    for index in 0..<images {
      packPanels(
        MatrixPanels(
          source: block.gradient + (image + index) * p.outputImage, minorStride: p.outputPlane, depthStride: 1,
          count: block.features, depth: p.outputPlane,
          destination: block.scratch + index * p.outputPlane * block.width, panelStride: 0, width: block.width))
    }
    var input = block.input + image * p.inputImage + block.firstChannel * p.inputPlane
    if let copy = p.copy {
      let target = block.scratch + p.groupImages * p.outputPlane * block.width
      for index in 0..<images {
        copyPlanes(
          input + index * p.inputImage, plane: p.inputPlane, copy, target + index * copy.channels * copy.pitch,
          channels: block.channelCount)
      }
      input = UnsafePointer(target)
    }
    if block.width == Wide.count {
      sumGroup(p, block, input, images, broad: false)
    } else {
      sumGroup(p, block, input, images, broad: true)
    }
    image += images
  }
}

@inline(__always)
private func sumGroup(
  _ p: ConvolutionWeightPlan, _ block: ConvolutionWeightBlock, _ input: UnsafePointer<Float>, _ images: Int,
  broad: Bool
) {
  let elements = p.windowRows * p.windowColumns
  let width = block.width
  var terms = ConvolutionTerms(
    rowSteps: p.rowSteps, rowCount: 0, columnSteps: p.columnSteps, columnCount: 0, depth: 0, sourceDepth: 0,
    packedDepth: 0, sourceStep: p.sourceStep)
  // Neighbouring rows of a tile are neighbouring channels or neighbouring elements of the window.
  var operands = ConvolutionOperands(
    source: input, packed: block.scratch, target: block.partial,
    targetStride: p.tilesWindow ? width : elements * width, accumulates: true)
  var channel = block.firstChannel
  let end = channel + block.channelCount
  let tiles = (block.channelCount + p.tileChannels - 1) / p.tileChannels
  for tile in 0..<tiles {
    // Tiles as even as can be.
    let next = block.firstChannel + (tile + 1) * block.channelCount / tiles
    for windowRow in 0..<p.windowRows {
      let run = p.rowRuns[windowRow]
      terms.rowSteps = p.rowSteps + run.first
      terms.rowCount = p.rowsPerImage[windowRow] * images
      for index in 0..<p.pieceCount {
        let piece = p.pieces[index]
        terms.columnSteps = p.columnSteps + piece.steps.first
        terms.columnCount = piece.steps.count
        terms.depth = piece.depth
        terms.sourceDepth = piece.sourceDepth
        terms.packedDepth = piece.packedDepth
        operands.source = input + (channel - block.firstChannel) * p.inputPitch
        operands.target = block.partial + (channel * elements + windowRow * p.windowColumns + piece.target) * width
        let rows = p.tilesWindow ? piece.rows : min(next, end) - channel
        if broad {
          sumBroad(rows, terms, operands)
        } else {
          sumNarrow(rows, terms, operands)
        }
      }
    }
    channel = next
  }
}

/// Adds up the shares of a block of features in their order and transposes the total to where it goes.
func combineConvolutionWeights(_ p: ConvolutionWeightPartials) {
  let first = p.partials + p.firstElement * p.width
  let count = p.elementCount * p.width
  if p.count > 1 {
    var index = 0
    while index < count {
      var sum = Wide.load(first + index)
      for part in 1..<p.count { sum = sum + .load(first + part * p.stride + index) }
      sum.store(first + index)
      index += Wide.count
    }
  }
  transposeBand(
    first, width: p.width, pixels: p.elementCount, channels: p.features, p.target + p.firstElement,
    plane: p.featureStride)
}
