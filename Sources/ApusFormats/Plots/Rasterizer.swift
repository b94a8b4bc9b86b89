/// Fills areas of a picture of pixels, their edges smoothed by the share of each pixel that they cover.
///
/// That share is exact along rows and taken from 16 lines within each row, so areas that end on whole pixels are exact,
/// and a pixel on a slanted edge is off by less than a sixteenth. Whatever several contours of one call cover, they cover
/// once.
package struct Rasterizer {
  package typealias Point = SIMD2<Double>

  private static let linesPerRow = 16

  package let width: Int
  package let height: Int
  /// Red, green and blue of each pixel, 0 to 255, in rows from the top.
  private var samples: [Float]

  /// A white picture.
  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    samples = [Float](repeating: 255, count: width * height * 3)
  }

  /// The picture.
  package var bytes: [UInt8] { samples.map { UInt8(min(max($0.rounded(), 0), 255)) } }

  /// A side of a contour, on the lines that it crosses.
  private struct Edge {
    let firstLine: Int
    let lastLine: Int
    /// Where it crosses `firstLine`.
    let start: Double
    /// How far the crossing moves from a line to the next.
    let step: Double
    /// 1 for a side that goes down, −1 for one that goes up.
    let winding: Int
  }

  /// Lays a colour over what lies within contours, in pixels.
  ///
  /// A place is within when the contours wind around it, in sum, at all.
  ///
  /// - Parameters:
  ///   - clip: what lies outside stays as it is.
  package mutating func fill(_ contours: [[Point]], _ colour: Colour, clip: Drawing.Rectangle) {
    let bounds = clip.intersection(
      Drawing.Rectangle(x: 0, y: 0, width: Double(width), height: Double(height)))
    let lines = Rasterizer.lines(from: bounds.y, to: bounds.maxY)
    let edges = Rasterizer.edges(contours, within: lines)
    guard let first = edges.first, bounds.width > 0 else { return }
    var next = 0
    var active: [(edge: Edge, crossing: Double)] = []
    var coverage = RowCoverage(width: width)
    var line = first.firstLine
    while line < lines.upperBound, next < edges.count || !active.isEmpty {
      if active.isEmpty, edges[next].firstLine > line {
        let row = line / Rasterizer.linesPerRow
        line = edges[next].firstLine
        if line / Rasterizer.linesPerRow != row { blend(&coverage, row: row, colour) }
      }
      while next < edges.count, edges[next].firstLine <= line {
        active.append((edges[next], edges[next].start))
        next += 1
      }
      Rasterizer.sort(&active)
      var winding = 0
      var start = 0.0
      for (edge, crossing) in active {
        if winding == 0 { start = crossing }
        winding += edge.winding
        if winding == 0 { coverage.add(max(start, bounds.x), min(crossing, bounds.maxX)) }
      }
      var kept = 0
      for index in active.indices where active[index].edge.lastLine > line {
        active[kept] = (active[index].edge, active[index].crossing + active[index].edge.step)
        kept += 1
      }
      active.removeLast(active.count - kept)
      line += 1
      if line % Rasterizer.linesPerRow == 0 { blend(&coverage, row: line / Rasterizer.linesPerRow - 1, colour) }
    }
    blend(&coverage, row: min(line / Rasterizer.linesPerRow, height - 1), colour)
  }

  /// The lines whose middles lie between two heights.
  private static func lines(from top: Double, to bottom: Double) -> Range<Int> {
    let first = Int((top * Double(linesPerRow) - 0.5).rounded(.up))
    return first..<max(Int((bottom * Double(linesPerRow) - 0.5).rounded(.up)), first)
  }

  /// The sides of contours by their first lines.
  private static func edges(_ contours: [[Point]], within lines: Range<Int>) -> [Edge] {
    var edges: [Edge] = []
    for contour in contours where contour.count > 2 {
      var from = contour[contour.count - 1]
      for to in contour {
        defer { from = to }
        // Far away coordinates are brought near, or they would not fit the numbers of lines.
        let (a, b) = (near(from), near(to))
        let (top, bottom) = a.y < b.y ? (a, b) : (b, a)
        let crossed = self.lines(from: top.y, to: bottom.y).clamped(to: lines)
        guard !crossed.isEmpty else { continue }
        let slope = (bottom.x - top.x) / (bottom.y - top.y)
        let y = (Double(crossed.lowerBound) + 0.5) / Double(linesPerRow)
        edges.append(
          Edge(
            firstLine: crossed.lowerBound, lastLine: crossed.upperBound - 1, start: top.x + (y - top.y) * slope,
            step: slope / Double(linesPerRow), winding: a.y < b.y ? 1 : -1))
      }
    }
    return edges.sorted { $0.firstLine < $1.firstLine }
  }

  private static func near(_ point: Point) -> Point {
    Point(min(max(point.x, -1e6), 1e6), min(max(point.y, -1e6), 1e6))
  }

  /// Crossings hardly change their order from a line to the next, so moving each to its place is quick.
  private static func sort(_ active: inout [(edge: Edge, crossing: Double)]) {
    for index in active.indices.dropFirst() {
      let entry = active[index]
      var place = index
      while place > 0, active[place - 1].crossing > entry.crossing {
        active[place] = active[place - 1]
        place -= 1
      }
      active[place] = entry
    }
  }

  private mutating func blend(_ coverage: inout RowCoverage, row: Int, _ colour: Colour) {
    let paint = [Float(colour.red), Float(colour.green), Float(colour.blue)]
    let opacity = Float(colour.opacity) / Float(Rasterizer.linesPerRow)
    coverage.take { column, share in
      let amount = min(share * opacity, 1)
      for channel in 0..<3 {
        let index = (row * width + column) * 3 + channel
        samples[index] += (paint[channel] - samples[index]) * amount
      }
    }
  }
}

/// How many of a row's lines cover each pixel.
private struct RowCoverage {
  /// The coverage's change from each pixel to the next.
  private var changes: [Float]
  private var touched: Range<Int>?

  init(width: Int) { changes = [Float](repeating: 0, count: width + 2) }

  /// Adds a part of one line.
  mutating func add(_ start: Double, _ end: Double) {
    guard end > start else { return }
    let last = change(at: end, by: -1)
    let first = change(at: start, by: 1)
    touched = min(touched?.lowerBound ?? first, first)..<max(touched?.upperBound ?? 0, last + 2)
  }

  private mutating func change(at place: Double, by amount: Float) -> Int {
    let column = Int(place)
    let rest = Float(place - Double(column))
    changes[column] += amount * (1 - rest)
    changes[column + 1] += amount * rest
    return column
  }

  /// Hands out the coverage of each pixel that has any, and begins anew.
  mutating func take(_ body: (_ column: Int, _ share: Float) -> Void) {
    guard let touched else { return }
    var share: Float = 0
    for column in touched where column < changes.count {
      share += changes[column]
      changes[column] = 0
      if share > 1e-4, column < changes.count - 2 { body(column, share) }
    }
    self.touched = nil
  }
}
