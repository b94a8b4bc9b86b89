import Foundation

/// Turns lines into the areas that a round pen covers.
package enum StrokeOutline {
  package typealias Point = SIMD2<Double>

  /// The area of a line: a rectangle for each straight part and a disc at each bend, to be filled as one.
  ///
  /// - Parameters:
  ///   - hasRoundEnds: whether the pen is round at both ends, too.
  package static func contours(_ points: [Point], width: Double, hasRoundEnds: Bool) -> [[Point]] {
    let points = withoutRepeats(points)
    guard let first = points.first, let last = points.last else { return [] }
    let radius = width / 2
    guard points.count > 1 else { return hasRoundEnds ? [disc(first, radius: radius)] : [] }
    var contours: [[Point]] = []
    var before: Point?
    for (from, to) in zip(points, points.dropFirst()) {
      let direction = unit(to - from)
      let side = Point(-direction.y, direction.x) * radius
      contours.append([from + side, from - side, to - side, to + side])
      // Where a line bends by less than about three degrees, the gap is too narrow to see.
      if let before, (before * direction).sum() < 0.9986 { contours.append(disc(from, radius: radius)) }
      before = direction
    }
    if hasRoundEnds { contours += [disc(first, radius: radius), disc(last, radius: radius)] }
    return contours
  }

  /// A circle as a polygon of the same area, whose sides are too short to be seen.
  package static func disc(_ centre: Point, radius: Double) -> [Point] {
    let count = min(max(Int((8 * radius.squareRoot()).rounded(.up)), 10), 128)
    let turn = 2 * Double.pi / Double(count)
    let reach = radius * (turn / sin(turn)).squareRoot()
    return (0..<count).map { index in
      // The same sense of rotation as the rectangles of the lines, or they would cancel one another.
      centre + Point(cos(turn * Double(index)), sin(turn * Double(index))) * reach
    }
  }

  /// The parts of a line that its dashes leave.
  package static func dashed(_ points: [Point], _ dash: [Double]) -> [[Point]] {
    guard !dash.isEmpty, dash.allSatisfy({ $0 > 0 }) else { return [points] }
    var parts: [[Point]] = []
    var index = 0
    var left = dash[0]
    var part = points.prefix(1).map { $0 }
    for (from, to) in zip(points, points.dropFirst()) {
      let length = distance(from, to)
      var done = 0.0
      while length - done > left {
        done += left
        let place = from + (to - from) * (done / length)
        if index % 2 == 0 { parts.append(part + [place]) }
        part = [place]
        index += 1
        left = dash[index % dash.count]
      }
      left -= length - done
      if index % 2 == 0 { part.append(to) } else { part = [to] }
    }
    if index % 2 == 0, part.count > 1 { parts.append(part) }
    return parts
  }

  private static func withoutRepeats(_ points: [Point]) -> [Point] {
    var kept: [Point] = []
    for point in points where kept.last.map({ distance($0, point) > 1e-6 }) ?? true { kept.append(point) }
    return kept
  }

  private static func distance(_ a: Point, _ b: Point) -> Double { ((b - a) * (b - a)).sum().squareRoot() }

  private static func unit(_ vector: Point) -> Point { vector / (vector * vector).sum().squareRoot() }
}
