import ApusCPUKernels
import ApusExpression

/// The gradient of the commonest pooling, two by two: windows do not overlap, so that every row is computed at once.
func halvedGradientPlanes(
  _ p: PoolPlan, _ o: PoolOperands, _ planes: Range<Int>, _ scratch: UnsafeMutableRawPointer
) {
  let plane = p.rows * p.columns
  let limit = o.gradient + planes.upperBound * plane
  for index in planes {
    let input = o.input + index * plane
    let upstream = UnsafePointer(o.output) + index * p.outputRows * p.outputColumns
    let target = o.gradient + index * plane
    var zeros: Wide = 0
    for row in 0..<p.outputRows {
      let start = 2 * row * p.columns
      zeros =
        zeros
        + addHalvedRow(
          p, input + start, upstream + row * p.outputColumns, target + start, limit: limit)
    }
    if p.rows % 2 == 1 { (target + plane - p.columns).update(repeating: 0, count: p.columns) }
    // Equality does not tell the largest where an element is not finite.
    if hasNaN(zeros) { windowGradientPlanes(p, o, index..<index + 1, scratch) }
  }
}

/// Two rows of the gradient; returns zeros, or NaN where an element was not finite.
@inline(never)
private func addHalvedRow(
  _ p: PoolPlan, _ input: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>, limit: UnsafeMutablePointer<Float>
) -> Wide {
  let columns = p.columns
  // The lanes behind the first row fall into the second, and must not when that has been begun.
  let firstLimit = columns > 2 * Wide.count ? target + columns : limit
  var zeros: Wide = 0
  var column = 0
  while column < columns {
    let hasSecond = column + Wide.count < columns
    let position = column / 2
    let g =
      position < p.outputColumns
      ? firstLanes(.load(upstream + position), p.outputColumns - position, else: 0) : 0
    let (a, b) = pair(input + column, hasSecond)
    let (c, d) = pair(input + columns + column, hasSecond)
    let most = Wide.max(Wide.max(a, b), Wide.max(c, d))
    zeros = .multiplyAdd((a + b) + (c + d), 0, zeros)
    let isA = Wide.equal(a, most)
    let isB = Wide.equal(b, most)
    let isC = Wide.equal(c, most)
    let toA = Wide.select(isA, g, 0)
    let notA = Wide.select(isA, 0, g)
    let toB = Wide.select(isB, notA, 0)
    let notB = Wide.select(isB, 0, notA)
    let toC = Wide.select(isC, notB, 0)
    let toD = Wide.select(isC, 0, notB)
    store(toA, toB, target + column, columns - column, limit: firstLimit)
    store(toC, toD, target + columns + column, columns - column, limit: limit)
    column += 2 * Wide.count
  }
  return zeros
}

/// The even and the odd ones of two vectors; of the second only where there is one.
@inline(__always)
private func pair(_ source: UnsafePointer<Float>, _ hasSecond: Bool) -> (even: Wide, odd: Wide) {
  let a = Wide.load(source).vector
  let b = hasSecond ? Wide.load(source + Wide.count).vector : a
  return (
    Wide(vector: Wide.Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf)),
    Wide(vector: Wide.Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf))
  )
}

/// Stores the elements of two vectors in turn.
@inline(__always)
private func store(
  _ even: Wide, _ odd: Wide, _ target: UnsafeMutablePointer<Float>, _ count: Int, limit: UnsafeMutablePointer<Float>
) {
  var first = Wide.Vector()
  var second = Wide.Vector()
  first.evenHalf = even.vector.lowHalf
  first.oddHalf = odd.vector.lowHalf
  second.evenHalf = even.vector.highHalf
  second.oddHalf = odd.vector.highHalf
  storeRow(Wide(vector: first), target, count, limit: limit)
  if count > Wide.count {
    storeRow(Wide(vector: second), target + Wide.count, count - Wide.count, limit: limit)
  }
}
