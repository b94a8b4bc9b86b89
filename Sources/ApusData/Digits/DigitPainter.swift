import ApusExpression

/// Paints one digit the way a hand might: a random form of it, its points moved a little, slanted, turned, scaled,
/// bent and shifted, drawn with a pen of random width, on paper with stains and noise.
///
/// Only IEEE additions, multiplications, divisions and square roots in a fixed order are used, so every machine
/// paints the same bytes.
struct DigitPainter {
  /// The height and width of a picture.
  static let side = 28
  static let pixelCount = side * side

  private var random: DigitRandom
  private var canvas = [Float](repeating: 0, count: pixelCount)
  private var path: [SIMD2<Float>] = []

  init(random: DigitRandom) { self.random = random }

  /// Paints the digit `label` into `pixels`.
  mutating func paint(_ label: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) {
    let forms = Glyph.forms[label]
    let glyph = forms[random.integer(below: forms.count)]
    let placement = Placement(&random)
    let pen = Pen(halfWidth: random.uniform(0.65, 1.9), ink: random.uniform(0.65, 1))
    for stroke in glyph.strokes {
      trace(stroke, placement)
      draw(pen)
    }
    stain()
    develop(into: pixels)
  }

  private struct Pen {
    let halfWidth: Float
    let ink: Float
  }

  /// The map from the unit box to pixels.
  private struct Placement {
    private let row0: SIMD2<Float>
    private let row1: SIMD2<Float>
    private let center: SIMD2<Float>
    private let bend: SIMD2<Float>
    let tremble: Float

    init(_ random: inout DigitRandom) {
      let width = random.uniform(9, 17)
      let height = random.uniform(14, 21)
      let slant = random.around0(0.5)
      // A rotation by a rational parametrisation of the circle, free of library functions.
      let half = random.around0(0.17)
      let cosine = (1 - half * half) / (1 + half * half)
      let sine = 2 * half / (1 + half * half)
      row0 = [cosine * width, (-sine - cosine * slant) * height]
      row1 = [sine * width, (cosine - sine * slant) * height]
      center = [14 + random.around0(3.8), 14 + random.around0(3.3)]
      bend = [random.around0(0.5), random.around0(0.4)]
      tremble = random.uniform(0.03, 0.11)
    }

    func callAsFunction(_ point: SIMD2<Float>) -> SIMD2<Float> {
      let centered = point - 0.5
      let bent = centered + bend * (SIMD2(centered.y * centered.y, centered.x * centered.x) - 0.08)
      return center + SIMD2((row0 * bent).sum(), (row1 * bent).sum())
    }
  }

  /// Turns a stroke into a polyline in pixels, in `path`.
  private mutating func trace(_ stroke: Glyph.Stroke, _ placement: Placement) {
    path.removeAll(keepingCapacity: true)
    switch stroke {
    case .straight(let points): path = points.map { place($0, placement) }
    case .curved(let points):
      let placed = points.map { place($0, placement) }
      for index in 0..<placed.count - 1 {
        appendCurve(
          placed[max(index - 1, 0)], placed[index], placed[index + 1], placed[min(index + 2, placed.count - 1)])
      }
      path.append(placed[placed.count - 1])
    case .closed(let points):
      let placed = points.map { place($0, placement) }
      let count = placed.count
      for index in 0..<count {
        appendCurve(
          placed[(index + count - 1) % count], placed[index], placed[(index + 1) % count], placed[(index + 2) % count])
      }
      path.append(placed[0])
    }
  }

  private mutating func place(_ point: SIMD2<Float>, _ placement: Placement) -> SIMD2<Float> {
    placement(point + SIMD2(random.around0(placement.tremble), random.around0(placement.tremble)))
  }

  /// Appends points of the Catmull–Rom curve from `b` up to, not including, `c`.
  private mutating func appendCurve(_ a: SIMD2<Float>, _ b: SIMD2<Float>, _ c: SIMD2<Float>, _ d: SIMD2<Float>) {
    let pieces = 4
    for piece in 0..<pieces {
      let t = Float(piece) / Float(pieces)
      let slope = (c - a) * 0.5
      let square = a - b * 2.5 + c * 2 - d * 0.5
      let cube = (b - c) * 1.5 + (d - a) * 0.5
      path.append(((cube * t + square) * t + slope) * t + b)
    }
  }

  /// Draws `path`; a pixel's ink is the part of it that the pen covers.
  private mutating func draw(_ pen: Pen) {
    let side = DigitPainter.side
    let reach = pen.halfWidth + 0.5
    for index in 1..<max(path.count, 1) {
      let start = path[index - 1]
      let edge = path[index] - start
      let length = max((edge * edge).sum(), 1e-6)
      let low = pointwiseMin(start, path[index]) - reach
      let high = pointwiseMax(start, path[index]) + reach
      let columns = max(Int(low.x), 0)..<max(min(Int(high.x) + 1, side), max(Int(low.x), 0))
      let rows = max(Int(low.y), 0)..<max(min(Int(high.y) + 1, side), max(Int(low.y), 0))
      canvas.withUnsafeMutableBufferPointer { canvas in
        for row in rows {
          for column in columns {
            let offset = SIMD2(Float(column) + 0.5, Float(row) + 0.5) - start
            let along = min(max((offset * edge).sum() / length, 0), 1)
            let distance = offset - edge * along
            let coverage = reach - (distance * distance).sum().squareRoot()
            let ink = min(max(coverage, 0), 1) * pen.ink
            canvas[row * side + column] = max(canvas[row * side + column], ink)
          }
        }
      }
    }
  }

  /// Draws up to two short stray marks.
  private mutating func stain() {
    for _ in 0..<random.integer(below: 3) {
      let start = SIMD2(random.uniform(1, 27), random.uniform(1, 27))
      path = [start, start + SIMD2(random.around0(5), random.around0(5))]
      draw(Pen(halfWidth: random.uniform(0.3, 0.8), ink: random.uniform(0.2, 0.7)))
    }
  }

  /// Adds noise to the canvas and turns it into bytes.
  private mutating func develop(into pixels: UnsafeMutableBufferPointer<UInt8>) {
    let amplitude = random.uniform(0.02, 0.3)
    var pixel = 0
    while pixel < DigitPainter.pixelCount {
      // Sixteen bytes of noise from one block of the generator.
      let words = random.block4()
      for word in 0..<4 {
        for byte in 0..<4 {
          let level = Float(words[word] >> UInt32(8 * byte) & 0xFF) / 127.5 - 1
          let value = canvas[pixel] + level * amplitude
          pixels[pixel] = UInt8(min(max(value, 0), 1) * 255)
          pixel += 1
        }
      }
    }
  }
}
