extension ContourPlot {
  /// The outlines of where the function is at least `level`, as fractions of the plot's width and height.
  ///
  /// Each cell of the grid gives the polygon of its part; the sides that two neighbours share in opposite directions
  /// cancel, and what is left is chained into closed lines.
  package func outlines(atLeast level: Double) -> [[SIMD2<Double>]] {
    var sides = SideSet()
    for row in 0..<resolution {
      for column in 0..<resolution {
        let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
        let polygon = part(of: corners, atLeast: level)
        for (index, point) in polygon.enumerated() { sides.add(point, polygon[(index + 1) % polygon.count]) }
      }
    }
    return sides.loops().map(withoutStraightPoints)
  }

  private func part(of corners: [(Int, Int)], atLeast level: Double) -> [SIMD2<Double>] {
    var polygon: [SIMD2<Double>] = []
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      let (a, b) = (value(corner), value(next))
      if a >= level { polygon.append(place(corner)) }
      guard (a >= level) != (b >= level) else { continue }
      // Always from the lower to the higher value, so that neighbours find the very same point.
      let (low, high, from, to) = a < b ? (a, b, corner, next) : (b, a, next, corner)
      let fraction = high.isFinite && low.isFinite ? (level - low) / (high - low) : 0.5
      polygon.append(place(from) + (place(to) - place(from)) * fraction)
    }
    return polygon
  }

  private func value(_ corner: (Int, Int)) -> Double {
    let value = values[corner.1 * (resolution + 1) + corner.0]
    return value.isNaN ? .infinity : value
  }

  private func place(_ corner: (Int, Int)) -> SIMD2<Double> {
    SIMD2(Double(corner.0), Double(corner.1)) / Double(resolution)
  }

  /// A closed line without the points that lie between their neighbours, to a twentieth of a cell.
  private func withoutStraightPoints(_ loop: [SIMD2<Double>]) -> [SIMD2<Double>] {
    let tolerance = 0.05 / Double(resolution)
    var kept: [SIMD2<Double>] = []
    for (index, point) in loop.enumerated() {
      let next = loop[(index + 1) % loop.count]
      if let last = kept.last {
        let (along, off) = (next - last, point - last)
        let length = (along * along).sum().squareRoot()
        if length > 0, abs(along.x * off.y - along.y * off.x) / length < tolerance,
          length < 8 / Double(resolution) || along.x == 0 || along.y == 0
        {
          continue
        }
      }
      kept.append(point)
    }
    return kept
  }
}

/// Directed sides of polygons, in the order in which they came; one that comes in both directions is gone.
private struct SideSet {
  private struct Side: Hashable {
    let from: SIMD2<Double>
    let to: SIMD2<Double>
  }

  private var order: [Side] = []
  /// How often each side is there.
  private var counts: [Side: Int] = [:]

  mutating func add(_ from: SIMD2<Double>, _ to: SIMD2<Double>) {
    guard from != to else { return }
    let opposite = Side(from: to, to: from)
    if let count = counts[opposite], count > 0 {
      counts[opposite] = count - 1
      return
    }
    let side = Side(from: from, to: to)
    counts[side, default: 0] += 1
    order.append(side)
  }

  /// The sides, chained end to end.
  func loops() -> [[SIMD2<Double>]] {
    var left = counts
    var following: [SIMD2<Double>: [Side]] = [:]
    for side in order where counts[side, default: 0] > 0 { following[side.from, default: []].append(side) }
    var loops: [[SIMD2<Double>]] = []
    for start in order where left[start, default: 0] > 0 {
      var loop: [SIMD2<Double>] = []
      var next: Side? = start
      while let side = next {
        left[side, default: 1] -= 1
        loop.append(side.from)
        next = following[side.to]?.first { left[$0, default: 0] > 0 }
      }
      loops.append(loop)
    }
    return loops
  }
}
