/// The strokes of one way to write a digit, in a unit box: x to the right, y downward.
struct Glyph: Sendable {
  /// One stroke of the pen, through its points.
  enum Stroke: Sendable {
    /// Straight from point to point.
    case straight([SIMD2<Float>])
    /// Smoothly from point to point.
    case curved([SIMD2<Float>])
    /// Smoothly and back to the first point.
    case closed([SIMD2<Float>])
  }

  let strokes: [Stroke]

  /// The ways to write each digit.
  static let forms: [[Glyph]] = [zeros, ones, twos, threes, fours, fives, sixes, sevens, eights, nines]

  private static let zeros = [
    Glyph(strokes: [
      .closed([
        [0.5, 0], [0.85, 0.2], [0.92, 0.5], [0.85, 0.8], [0.5, 1], [0.15, 0.8], [0.08, 0.5], [0.15, 0.2],
      ])
    ]),
    Glyph(strokes: [
      .curved([
        [0.6, 0.02], [0.25, 0.15], [0.1, 0.55], [0.3, 0.95], [0.7, 0.9], [0.9, 0.45], [0.7, 0.05], [0.4, 0.08],
      ])
    ]),
    Glyph(strokes: [
      .closed([[0.5, 0], [0.74, 0.25], [0.76, 0.6], [0.5, 1], [0.26, 0.65], [0.27, 0.25]])
    ]),
  ]
  private static let ones = [
    Glyph(strokes: [.straight([[0.5, 0], [0.5, 1]])]),
    Glyph(strokes: [.straight([[0.25, 0.26], [0.52, 0], [0.52, 1]])]),
    Glyph(strokes: [.straight([[0.28, 0.22], [0.5, 0], [0.5, 1]]), .straight([[0.22, 1], [0.78, 1]])]),
  ]
  private static let twos = [
    Glyph(strokes: [
      .curved([[0.12, 0.26], [0.3, 0.04], [0.66, 0.02], [0.86, 0.25], [0.7, 0.52], [0.4, 0.76], [0.1, 1]]),
      .straight([[0.1, 1], [0.92, 1]]),
    ]),
    Glyph(strokes: [
      .curved([
        [0.12, 0.2], [0.45, 0], [0.82, 0.2], [0.7, 0.55], [0.32, 0.92], [0.1, 0.93], [0.2, 0.76], [0.52, 0.9],
        [0.93, 0.98],
      ])
    ]),
    Glyph(strokes: [
      .curved([[0.15, 0.12], [0.55, 0], [0.82, 0.2], [0.62, 0.55], [0.15, 0.97]]),
      .curved([[0.15, 0.97], [0.5, 0.88], [0.9, 1]]),
    ]),
  ]
  private static let threes = [
    Glyph(strokes: [
      .curved([[0.12, 0.12], [0.46, 0], [0.82, 0.18], [0.72, 0.4], [0.4, 0.48]]),
      .curved([[0.4, 0.48], [0.8, 0.57], [0.88, 0.8], [0.5, 1], [0.1, 0.88]]),
    ]),
    Glyph(strokes: [
      .straight([[0.12, 0.02], [0.84, 0.02], [0.45, 0.42]]),
      .curved([[0.45, 0.42], [0.84, 0.55], [0.88, 0.8], [0.5, 1], [0.1, 0.9]]),
    ]),
  ]
  private static let fours = [
    Glyph(strokes: [.straight([[0.66, 1], [0.66, 0], [0.07, 0.68], [0.95, 0.68]])]),
    Glyph(strokes: [.straight([[0.16, 0.02], [0.12, 0.55], [0.9, 0.55]]), .straight([[0.76, 0.05], [0.7, 1]])]),
    Glyph(strokes: [
      .curved([[0.2, 0.05], [0.12, 0.42], [0.35, 0.58], [0.75, 0.5]]),
      .straight([[0.82, 0], [0.72, 0.5], [0.68, 1]]),
    ]),
  ]
  private static let fives = [
    Glyph(strokes: [
      .straight([[0.84, 0.02], [0.26, 0.02], [0.18, 0.45]]),
      .curved([[0.18, 0.45], [0.5, 0.36], [0.85, 0.55], [0.8, 0.85], [0.45, 1], [0.1, 0.9]]),
    ]),
    Glyph(strokes: [
      .curved([
        [0.86, 0.04], [0.42, 0.03], [0.2, 0.24], [0.45, 0.44], [0.8, 0.62], [0.75, 0.9], [0.4, 1], [0.1, 0.92],
      ])
    ]),
  ]
  private static let sixes = [
    Glyph(strokes: [
      .curved([
        [0.75, 0.02], [0.4, 0.2], [0.14, 0.56], [0.2, 0.87], [0.5, 1], [0.82, 0.86], [0.8, 0.6], [0.5, 0.5],
        [0.2, 0.66],
      ])
    ]),
    Glyph(strokes: [
      .curved([[0.5, 0], [0.28, 0.35], [0.18, 0.7]]),
      .closed([[0.2, 0.75], [0.48, 0.54], [0.8, 0.75], [0.5, 1]]),
    ]),
  ]
  private static let sevens = [
    Glyph(strokes: [.straight([[0.1, 0.03], [0.9, 0.03], [0.4, 1]])]),
    Glyph(strokes: [.straight([[0.1, 0.03], [0.9, 0.03], [0.4, 1]]), .straight([[0.3, 0.5], [0.8, 0.48]])]),
    Glyph(strokes: [
      .straight([[0.1, 0.16], [0.13, 0.03], [0.88, 0.03]]), .curved([[0.88, 0.03], [0.6, 0.42], [0.46, 1]]),
    ]),
  ]
  private static let eights = [
    Glyph(strokes: [
      .closed([
        [0.5, 0.47], [0.2, 0.26], [0.5, 0], [0.8, 0.26], [0.5, 0.47], [0.12, 0.75], [0.5, 1], [0.88, 0.75],
      ])
    ]),
    Glyph(strokes: [
      .closed([[0.5, 0], [0.78, 0.22], [0.5, 0.46], [0.22, 0.22]]),
      .closed([[0.5, 0.46], [0.86, 0.73], [0.5, 1], [0.14, 0.73]]),
    ]),
    Glyph(strokes: [
      .curved([
        [0.8, 0.1], [0.4, 0], [0.2, 0.24], [0.6, 0.55], [0.8, 0.8], [0.5, 1], [0.18, 0.8], [0.45, 0.52], [0.82, 0.14],
      ])
    ]),
  ]
  private static let nines = [
    Glyph(strokes: [
      .curved([[0.84, 0.3], [0.6, 0.52], [0.25, 0.46], [0.14, 0.22], [0.45, 0], [0.8, 0.12], [0.84, 0.34]]),
      .curved([[0.84, 0.25], [0.8, 0.6], [0.66, 1]]),
    ]),
    Glyph(strokes: [
      .closed([[0.5, 0], [0.82, 0.24], [0.5, 0.5], [0.16, 0.26]]),
      .curved([[0.82, 0.22], [0.84, 0.62], [0.66, 0.96], [0.2, 0.92]]),
    ]),
    Glyph(strokes: [
      .closed([[0.48, 0.02], [0.8, 0.2], [0.52, 0.48], [0.18, 0.26]]), .straight([[0.8, 0.18], [0.76, 1]]),
    ]),
  ]
}
