import Foundation

extension Drawing {
  /// The drawing as a picture of pixels.
  ///
  /// - Parameters:
  ///   - scale: pixels for one of the drawing's, 2 for screens and print.
  package func picture(scale: Double = 2) -> PixelImage {
    let width = max(Int((self.width * scale).rounded(.up)), 1)
    let height = max(Int((self.height * scale).rounded(.up)), 1)
    var painter = Painter(width: width, height: height, scale: scale)
    let page = Rectangle(x: 0, y: 0, width: Double(width), height: Double(height))
    for element in elements { painter.paint(element, clip: page) }
    return PixelImage(width: width, height: height, channelCount: 3, samples: painter.rasterizer.bytes)
  }
}

/// Paints shapes on pixels.
private struct Painter {
  typealias Point = Drawing.Point

  private(set) var rasterizer: Rasterizer
  private let scale: Double

  init(width: Int, height: Int, scale: Double) {
    rasterizer = Rasterizer(width: width, height: height)
    self.scale = scale
  }

  mutating func paint(_ element: Drawing.Element, clip: Drawing.Rectangle) {
    switch element {
    case .path(let contours, let isClosed, let fill, let stroke):
      let contours = contours.map { $0.map { $0 * scale } }
      if let fill { rasterizer.fill(contours, fill, clip: clip) }
      if let stroke {
        let lines = isClosed ? contours.map { $0 + $0.prefix(1) } : contours
        draw(lines, stroke, clip: clip)
      }
    case .circle(let centre, let radius, let fill, let stroke):
      let circle = StrokeOutline.disc(centre * scale, radius: radius * scale)
      if let fill { rasterizer.fill([circle], fill, clip: clip) }
      if let stroke { draw([circle + circle.prefix(1)], stroke, clip: clip) }
    case .text(let label):
      write(label, clip: clip)
    case .clipped(let rectangle, let elements):
      let scaled = Drawing.Rectangle(
        x: rectangle.x * scale, y: rectangle.y * scale, width: rectangle.width * scale,
        height: rectangle.height * scale)
      for element in elements { paint(element, clip: clip.intersection(scaled)) }
    }
  }

  private mutating func draw(_ lines: [[Point]], _ stroke: Drawing.Stroke, clip: Drawing.Rectangle) {
    let dash = stroke.dash.map { $0 * scale }
    let parts = lines.flatMap { StrokeOutline.dashed($0, dash) }
    let contours = parts.flatMap {
      StrokeOutline.contours(crisp($0, stroke), width: stroke.width * scale, hasRoundEnds: false)
    }
    rasterizer.fill(contours, stroke.colour, clip: clip)
  }

  /// A thin line along an axis, such as a tick, moved onto whole pixels so that it is sharp.
  private func crisp(_ line: [Point], _ stroke: Drawing.Stroke) -> [Point] {
    guard stroke.width <= 1, let first = line.first else { return line }
    let offset = (stroke.width * scale).rounded().truncatingRemainder(dividingBy: 2) / 2
    func snapped(_ value: Double) -> Double { (value - offset).rounded() + offset }
    if line.allSatisfy({ $0.y == first.y }) { return line.map { Point($0.x, snapped($0.y)) } }
    if line.allSatisfy({ $0.x == first.x }) { return line.map { Point(snapped($0.x), $0.y) } }
    return line
  }

  private mutating func write(_ label: Drawing.Label, clip: Drawing.Rectangle) {
    let size = label.size * scale
    let width = TextMetrics.width(of: label.text, isBold: label.isBold) * size
    let angle = label.rotation * .pi / 180
    let (along, up) = (Point(cos(angle), sin(angle)), Point(sin(angle), -cos(angle)))
    var pen =
      switch label.anchor {
      case .start: 0.0
      case .middle: -width / 2
      case .end: -width
      }
    let stretch = label.isBold ? 1.07 : 1
    var contours: [[Point]] = []
    for run in TextMetrics.runs(label.text) {
      let runSize = size * run.level.scale
      let rise = run.level.rise * size
      // Small parts keep some weight, or they would look faint beside the others.
      let weight = StrokeFont.weight(isBold: label.isBold) * (runSize + size) / 2
      for character in run.text {
        let glyph = StrokeFont.glyph(character)
        for stroke in glyph.strokes {
          let points = stroke.map { point in
            label.place * scale + along * (pen + point.x * stretch * runSize) + up * (rise + point.y * runSize)
          }
          contours += StrokeOutline.contours(points, width: weight, hasRoundEnds: true)
        }
        pen += glyph.advance * stretch * runSize
      }
    }
    rasterizer.fill(contours, label.colour, clip: clip)
  }
}
