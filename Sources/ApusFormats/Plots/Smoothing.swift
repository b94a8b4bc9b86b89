/// The mean of each point's y with its neighbours', half a window to each side.
///
/// Toward the start, where curves are steep, the window shrinks on both sides alike, so the curve is not shifted;
/// toward the end it keeps its left half, so the last value is a mean as well. Values that are not finite are left
/// out of the means and stay as they are.
///
/// - Complexity: O(`points.count`).
package func centredMeans(of points: [SIMD2<Double>], window: Int) -> [SIMD2<Double>] {
  var sums = [0.0]
  var counts = [0]
  for point in points {
    let isFinite = point.y.isFinite
    sums.append(sums[sums.count - 1] + (isFinite ? point.y : 0))
    counts.append(counts[counts.count - 1] + (isFinite ? 1 : 0))
  }
  return points.indices.map { index in
    guard points[index].y.isFinite else { return points[index] }
    let reach = min(window / 2, index)
    let (low, high) = (index - reach, min(index + reach + 1, points.count))
    return SIMD2(points[index].x, (sums[high] - sums[low]) / Double(counts[high] - counts[low]))
  }
}

/// A curve with at most four points in each of `columns` equal parts of its width that looks the same when drawn: of
/// each part the first, lowest, highest and last point.
package func thinned(_ points: [SIMD2<Double>], columns: Int) -> [SIMD2<Double>] {
  guard points.count > 4 * columns, let first = points.first, let last = points.last, last.x > first.x else {
    return points
  }
  var result: [SIMD2<Double>] = []
  var start = 0
  while start < points.count {
    func column(_ point: SIMD2<Double>) -> Int {
      min(Int((point.x - first.x) / (last.x - first.x) * Double(columns)), columns - 1)
    }
    var end = start + 1
    var lowest = start
    var highest = start
    while end < points.count, column(points[end]) == column(points[start]) {
      // A gap in the curve has to stay one.
      if !points[end].y.isFinite { break }
      if points[end].y < points[lowest].y { lowest = end }
      if points[end].y > points[highest].y { highest = end }
      end += 1
    }
    for index in Set([start, lowest, highest, end - 1]).sorted() { result.append(points[index]) }
    start = end
  }
  return result
}
