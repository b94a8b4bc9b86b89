import Foundation

/// A figure as simple shapes on a page: what is drawn is said once and written as SVG or as a picture of pixels.
///
/// Coordinates are pixels at single size, to the right and down from the upper left corner.
package struct Drawing: Hashable, Sendable {
  package typealias Point = SIMD2<Double>

  /// A rectangle along the axes.
  package struct Rectangle: Hashable, Sendable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }

    package var maxX: Double { x + width }
    package var maxY: Double { y + height }
    package var midX: Double { x + width / 2 }
    package var midY: Double { y + height / 2 }

    /// What lies in both.
    package func intersection(_ other: Rectangle) -> Rectangle {
      let (left, top) = (max(x, other.x), max(y, other.y))
      return Rectangle(
        x: left, y: top, width: max(min(maxX, other.maxX) - left, 0), height: max(min(maxY, other.maxY) - top, 0))
    }
  }

  /// How a line is drawn. Corners are round.
  package struct Stroke: Hashable, Sendable {
    package var colour: Colour
    package var width: Double
    /// Lengths of lines and gaps in turn; empty for an unbroken line.
    package var dash: [Double]

    package init(_ colour: Colour, width: Double = 1, dash: [Double] = []) {
      self.colour = colour
      self.width = width
      self.dash = dash
    }
  }

  /// A line of text.
  package struct Label: Hashable, Sendable {
    /// The part of the text that stands at its place.
    package enum Anchor: Hashable, Sendable {
      case start
      case middle
      case end
    }

    package var text: String
    /// The place of the anchor on the base line.
    package var place: Point
    package var size: Double
    package var anchor: Anchor
    /// Degrees clockwise around the place.
    package var rotation: Double
    package var isBold: Bool
    package var colour: Colour
  }

  /// One shape.
  package indirect enum Element: Hashable, Sendable {
    /// Lines or areas in one colour; where areas of one element lie over one another they are one area.
    case path(contours: [[Point]], isClosed: Bool, fill: Colour?, stroke: Stroke?)
    case circle(centre: Point, radius: Double, fill: Colour?, stroke: Stroke?)
    case text(Label)
    case clipped(Rectangle, [Element])
  }

  /// The page's size.
  package var width: Double
  package var height: Double
  /// What the drawing is called, for those who cannot see it.
  package var title: String
  /// The shapes, the lowest first.
  package private(set) var elements: [Element] = []

  /// An empty page.
  package init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  /// Draws a line through points.
  package mutating func polyline(_ points: [Point], _ stroke: Stroke) {
    polylines([points], stroke)
  }

  /// Draws several lines as one element.
  package mutating func polylines(_ lines: [[Point]], _ stroke: Stroke) {
    let lines = lines.filter { !$0.isEmpty }
    if !lines.isEmpty { elements.append(.path(contours: lines, isClosed: false, fill: nil, stroke: stroke)) }
  }

  /// Draws closed shapes as one element.
  package mutating func polygons(_ contours: [[Point]], fill: Colour? = nil, stroke: Stroke? = nil) {
    let contours = contours.filter { $0.count > 2 }
    if !contours.isEmpty { elements.append(.path(contours: contours, isClosed: true, fill: fill, stroke: stroke)) }
  }

  /// Draws a rectangle.
  package mutating func rectangle(_ rectangle: Rectangle, fill: Colour? = nil, stroke: Stroke? = nil) {
    polygons([rectangle.corners], fill: fill, stroke: stroke)
  }

  /// Draws a circle.
  package mutating func circle(_ centre: Point, radius: Double, fill: Colour? = nil, stroke: Stroke? = nil) {
    elements.append(.circle(centre: centre, radius: radius, fill: fill, stroke: stroke))
  }

  /// Writes text.
  ///
  /// - Parameters:
  ///   - isCentred: whether the middle of capital letters, and not the base line, is at `place`.
  package mutating func text(
    _ text: String, at place: Point, size: Double = 12, anchor: Label.Anchor = .start, rotation: Double = 0,
    isBold: Bool = false, isCentred: Bool = false, colour: Colour = .ink
  ) {
    guard !text.isEmpty else { return }
    var place = place
    if isCentred {
      let angle = rotation * .pi / 180
      place += Point(-sin(angle), cos(angle)) * (TextMetrics.capHeight / 2 * size)
    }
    elements.append(
      .text(
        Label(
          text: text, place: place, size: size, anchor: anchor, rotation: rotation, isBold: isBold, colour: colour)))
  }

  /// Draws what `body` draws, as far as it lies in a rectangle.
  package mutating func clip(to rectangle: Rectangle, _ body: (inout Drawing) -> Void) {
    var inner = Drawing(width: width, height: height, title: "")
    body(&inner)
    if !inner.elements.isEmpty { elements.append(.clipped(rectangle, inner.elements)) }
  }
}

extension Drawing.Rectangle {
  var corners: [Drawing.Point] { [[x, y], [maxX, y], [maxX, maxY], [x, maxY]] }
}
