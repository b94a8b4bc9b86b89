import ApusCPUKernels

extension ConvolutionCopy {
  /// The floats that a copy may have beside everything else in a second-level cache.
  private static let limit = 80_000

  /// The copy from which planes are better read than where they lie; nil where there is none.
  ///
  /// - Parameters:
  ///   - tileReadsPlanes: whether neighbouring terms or rows of a tile come from different planes. Where those lie a
  ///     multiple of two kilobytes apart, they fall into few sets of the first-level cache and drive each other out.
  ///   - pads: whether zeros at the ends of rows are worth having: then all pixels of a row are alike.
  init?(channels: Int, _ axes: [ConvolutionAxis], tileReadsPlanes: Bool, pads: Bool) {
    let (rows, columns) = (axes[0].source, axes[1])
    let zeros = pads ? (columns.padded.zerosBefore, columns.padded.zerosAfter) : (0, 0)
    let isCrowded = tileReadsPlanes && rows * columns.source % 512 == 0 && channels >= 8
    guard isCrowded || zeros != (0, 0) else { return nil }
    var pitch = (rows * (columns.source + zeros.0 + zeros.1) + 31) / 16 * 16
    if pitch % 512 == 0 { pitch += 16 }
    guard pitch * channels <= ConvolutionCopy.limit else { return nil }
    self.init(
      channels: channels, rows: rows, columns: columns.source, zerosBefore: zeros.0, zerosAfter: zeros.1, pitch: pitch)
  }

  /// Whether rows have zeros at their ends.
  var isPadded: Bool { zerosBefore + zerosAfter > 0 }
}
