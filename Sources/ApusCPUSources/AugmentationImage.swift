import ApusCPUKernels

/// Copies one image with its shift, mirror and hole.
func augmentImage(_ o: AugmentationOperands) {
  // Column c reads c + shift, or mirrored width − 1 − c + shift: inside the image for one range of columns, which a
  // shift by more than the width leaves empty.
  let shift = o.columnShift
  let uncovered = o.isMirrored ? shift : -shift
  let columns = min(max(0, uncovered), o.width)..<max(0, min(o.width, o.width + uncovered))
  for channel in 0..<o.channels {
    for row in 0..<o.height {
      let target = o.target + (channel * o.height + row) * o.width
      let sourceRow = row + o.rowShift
      guard sourceRow >= 0, sourceRow < o.height else {
        target.update(repeating: 0, count: o.width)
        continue
      }
      let source = o.source + (channel * o.height + sourceRow) * o.width
      target.update(repeating: 0, count: columns.lowerBound)
      if o.isMirrored {
        let mirrored = source + o.width - 1 + shift
        for column in columns { target[column] = mirrored[-column] }
      } else {
        for column in columns { target[column] = source[column + shift] }
      }
      (target + columns.upperBound).update(repeating: 0, count: o.width - columns.upperBound)
      if row >= o.holeRows.lowerBound, row < o.holeRows.upperBound {
        (target + o.holeColumns.lowerBound).update(repeating: 0, count: o.holeColumns.count)
      }
    }
  }
}
