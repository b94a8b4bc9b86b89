import ApusCPUKernels
import ApusExpression

/// Computes some rows of one image's result for one block of channels: a band of rows at a time, pixel by pixel with the
/// channels side by side, which is then transposed into planes.
func convolveBlock(_ plan: UnsafePointer<ConvolutionPlan>, _ block: ConvolutionBlock) {
  let p = plan.pointee
  var block = block
  if let copy = p.copy {
    let target = block.scratch + p.bandRows * p.columns * block.width
    copyPlanes(block.source, plane: copy.rows * copy.columns, copy, target, channels: copy.channels)
    block.source = UnsafePointer(target)
  }
  let plane = p.rows * p.columns
  let end = block.firstRow + block.rows
  var row = block.firstRow
  while row < end {
    let rows = min(p.bandRows, end - row)
    for index in 0..<rows {
      let band = block.scratch + index * p.columns * block.width
      if block.width == Wide.count {
        convolveRow(p, block, row + index, band, broad: false)
      } else {
        convolveRow(p, block, row + index, band, broad: true)
      }
    }
    transposeBand(
      block.scratch, width: block.width, pixels: rows * p.columns, channels: block.channels,
      block.result + row * p.columns, plane: plane)
    row += rows
  }
}

/// Copies planes; a vector more than the last one has is written.
func copyPlanes(
  _ source: UnsafePointer<Float>, plane: Int, _ copy: ConvolutionCopy, _ target: UnsafeMutablePointer<Float>,
  channels: Int
) {
  for channel in 0..<channels {
    var from = source + channel * plane
    var to = target + channel * copy.pitch
    if copy.zerosBefore + copy.zerosAfter == 0 {
      copyFloats(from, to, plane)
    } else {
      for _ in 0..<copy.rows {
        for index in 0..<copy.zerosBefore { to[index] = 0 }
        to += copy.zerosBefore
        copyFloats(from, to, copy.columns)
        from += copy.columns
        to += copy.columns
        for index in 0..<copy.zerosAfter { to[index] = 0 }
        to += copy.zerosAfter
      }
    }
  }
}

@inline(__always)
private func convolveRow(
  _ p: ConvolutionPlan, _ block: ConvolutionBlock, _ row: Int, _ band: UnsafeMutablePointer<Float>, broad: Bool
) {
  let run = p.rowRuns[row]
  var terms = ConvolutionTerms(
    rowSteps: p.rowSteps + run.first, rowCount: run.count, columnSteps: p.columnSteps, columnCount: 0, depth: 0,
    sourceDepth: 0, packedDepth: 0, sourceStep: p.sourceStep)
  var operands = ConvolutionOperands(
    source: block.source, packed: block.weights, target: band, targetStride: p.pixelStep * block.width,
    accumulates: false)
  for index in 0..<p.pieceCount {
    let piece = p.pieces[index]
    terms.columnSteps = p.columnSteps + piece.steps.first
    terms.columnCount = piece.steps.count
    terms.depth = piece.depth
    terms.sourceDepth = piece.sourceDepth
    terms.packedDepth = piece.packedDepth
    operands.target = band + piece.target * block.width
    operands.accumulates = piece.accumulates
    if broad {
      sumBroad(piece.rows, terms, operands)
    } else {
      sumNarrow(piece.rows, terms, operands)
    }
  }
}

/// Transposes pixels with their channels side by side into planes.
func transposeBand(
  _ band: UnsafePointer<Float>, width: Int, pixels: Int, channels: Int, _ result: UnsafeMutablePointer<Float>,
  plane: Int
) {
  var channel = 0
  while channel < channels {
    let count = min(4, channels - channel)
    let target = result + channel * plane
    let source = band + channel
    if pixels >= Wide.count {
      var pixel = 0
      while pixel < pixels {
        // The last vector overlaps the one before.
        let first = min(pixel, pixels - Wide.count)
        let vectors = Wide.transposed(source + first * width, stride: width)
        let to = target + first
        vectors.0.store(to)
        if count > 1 { vectors.1.store(to + plane) }
        if count > 2 { vectors.2.store(to + 2 * plane) }
        if count > 3 { vectors.3.store(to + 3 * plane) }
        pixel += Wide.count
      }
    } else {
      for pixel in 0..<pixels {
        for index in 0..<count { target[index * plane + pixel] = source[pixel * width + index] }
      }
    }
    channel += 4
  }
}

/// Packs the weights of a block: for every element of the window and every channel of the source the weights of the
/// block's channels side by side.
func packConvolutionWeights(_ w: ConvolutionWeights) {
  if w.channels < w.width {
    for element in 0..<w.window {
      (w.packed + element * w.windowStride).update(repeating: 0, count: w.depth * w.width)
    }
  }
  for depth in 0..<w.depth {
    let source = w.weights + depth * w.sourceStride
    let target = w.packed + depth * w.width
    let step = w.windowStride
    var channel = 0
    while channel + Wide.count <= w.channels {
      let from = source + channel * w.resultStride
      var element = 0
      while element + 4 <= w.window {
        let vectors = Wide.transposed(from + element, stride: w.resultStride)
        let to = target + element * step + channel
        vectors.0.store(to)
        vectors.1.store(to + step)
        vectors.2.store(to + 2 * step)
        vectors.3.store(to + 3 * step)
        element += 4
      }
      while element < w.window {
        let to = target + element * step + channel
        for lane in 0..<Wide.count { to[lane] = from[lane * w.resultStride + element] }
        element += 1
      }
      channel += Wide.count
    }
    while channel < w.channels {
      let from = source + channel * w.resultStride
      for element in 0..<w.window { target[element * step + channel] = from[element] }
      channel += 1
    }
  }
}
