extension PixelImage {
  /// The picture in another size: the largest centred part of the new proportions, shrunk by averaging areas or
  /// enlarged by interpolating between pixels' centres. A picture of the right size comes back as it is.
  ///
  /// - Precondition: both sizes are at least 1.
  public func fitted(toWidth newWidth: Int, height newHeight: Int) -> PixelImage {
    precondition(newWidth >= 1 && newHeight >= 1)
    if newWidth == width && newHeight == height { return self }
    // The part's sides are as newWidth : newHeight, to the nearest pixel.
    let partWidth = min(width, max(1, (2 * height * newWidth + newHeight) / (2 * newHeight)))
    let partHeight = min(height, max(1, (2 * width * newHeight + newWidth) / (2 * newWidth)))
    let columns = ResamplingAxis(start: (width - partWidth) / 2, length: partWidth, count: newWidth)
    let rows = ResamplingAxis(start: (height - partHeight) / 2, length: partHeight, count: newHeight)
    return PixelImage(
      width: newWidth, height: newHeight, channelCount: channelCount, samples: resampled(columns, rows))
  }

  private func resampled(_ columns: ResamplingAxis, _ rows: ResamplingAxis) -> [UInt8] {
    let rowLength = columns.count * channelCount
    var samples = [UInt8](repeating: 0, count: rowLength * rows.count)
    // A source row is resampled once, although enlarging reads it for several rows.
    var resampledRows: [Int: [Float]] = [:]
    var sums = [Float](repeating: 0, count: rowLength)
    for row in 0..<rows.count {
      let terms = rows.terms(of: row)
      for index in sums.indices { sums[index] = 0 }
      for (offset, weight) in terms.weights.enumerated() {
        let source = terms.start + offset
        let values = resampledRows[source] ?? resampledRow(source, columns)
        resampledRows[source] = values
        for index in sums.indices { sums[index] += weight * values[index] }
      }
      resampledRows = resampledRows.filter { $0.key >= terms.start }
      for index in sums.indices { samples[row * rowLength + index] = UInt8(min(max(sums[index] + 0.5, 0), 255)) }
    }
    return samples
  }

  private func resampledRow(_ row: Int, _ columns: ResamplingAxis) -> [Float] {
    var values = [Float](repeating: 0, count: columns.count * channelCount)
    samples.withUnsafeBufferPointer { samples in
      for column in 0..<columns.count {
        let terms = columns.terms(of: column)
        for (offset, weight) in terms.weights.enumerated() {
          let pixel = (row * width + terms.start + offset) * channelCount
          for channel in 0..<channelCount {
            values[column * channelCount + channel] += weight * Float(samples[pixel + channel])
          }
        }
      }
    }
    return values
  }
}

/// Which pixels of one axis each new pixel is made of.
private struct ResamplingAxis {
  /// The number of new pixels.
  let count: Int
  private let firsts: [Int]
  private let weights: [[Float]]

  /// `count` pixels in place of the `length` from `start` on.
  init(start: Int, length: Int, count: Int) {
    self.count = count
    let scale = Double(length) / Double(count)
    var firsts: [Int] = []
    var weights: [[Float]] = []
    for place in 0..<count {
      if length > count {
        // Each old pixel by the part of it that lies under the new one.
        let (low, high) = (Double(place) * scale, Double(place + 1) * scale)
        let first = Int(low)
        let last = min(Int(high.rounded(.up)), length)
        firsts.append(start + first)
        weights.append(
          (first..<max(last, first + 1)).map { Float((min(high, Double($0 + 1)) - max(low, Double($0))) / scale) })
      } else {
        let centre = min(max((Double(place) + 0.5) * scale - 0.5, 0), Double(length - 1))
        let first = min(Int(centre), max(length - 2, 0))
        let fraction = Float(centre - Double(first))
        firsts.append(start + first)
        weights.append(length == 1 ? [1] : [1 - fraction, fraction])
      }
    }
    self.firsts = firsts
    self.weights = weights
  }

  func terms(of place: Int) -> (start: Int, weights: [Float]) { (firsts[place], weights[place]) }
}
