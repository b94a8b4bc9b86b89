import ApusCPUKernels
import ApusExpression

/// 4 sums of 5 terms from 8 products.
enum WinogradOf5: WinogradTransform {
  @inline(__always) static var window: Int { 5 }
  @inline(__always) static var points: Int { 8 }

  @inline(__always) private static var a: Double { 0.5 }
  @inline(__always) private static var b: Double { 1 }
  @inline(__always) private static var c: Double { 2 }
  @inline(__always) private static var a2: Double { a * a }
  @inline(__always) private static var b2: Double { b * b }
  @inline(__always) private static var c2: Double { c * c }

  @inline(__always)
  static func input(_ x: VectorRow, _ v: VectorPlaces) {
    let (x1, x2, x3, x4, x5, x6) = (x[1], x[2], x[3], x[4], x[5], x[6])
    let sums = a2 + b2 + c2
    let pairs = a2 * b2 + a2 * c2 + b2 * c2
    let all = a2 * b2 * c2
    v[0] = .multiplyAdd(x[0], Wide(-all), .multiplyAdd(x2, Wide(pairs), .multiplyAdd(x4, Wide(-sums), x6)))
    pair(x1, x2, x3, x4, x5, x6, a, b2 + c2, b2 * c2, v, 1)
    pair(x1, x2, x3, x4, x5, x6, b, a2 + c2, a2 * c2, v, 3)
    pair(x1, x2, x3, x4, x5, x6, c, a2 + b2, a2 * b2, v, 5)
    v[7] = .multiplyAdd(x1, Wide(-all), .multiplyAdd(x3, Wide(pairs), .multiplyAdd(x5, Wide(-sums), x[7])))
  }

  /// The values at ±p, from the sum and the product of the other points' squares.
  @inline(__always)
  private static func pair(
    _ x1: Wide, _ x2: Wide, _ x3: Wide, _ x4: Wide, _ x5: Wide, _ x6: Wide, _ p: Double, _ sum: Double,
    _ product: Double, _ v: VectorPlaces, _ first: Int
  ) {
    let even = Wide.multiplyAdd(x2, Wide(product), .multiplyAdd(x4, Wide(-sum), x6))
    let odd = Wide.multiplyAdd(x1, Wide(product), .multiplyAdd(x3, Wide(-sum), x5))
    v[first] = .multiplyAdd(odd, Wide(p), even)
    v[first + 1] = .multiplyAdd(odd, Wide(-p), even)
  }

  /// What the values at 0, ±a, ±b and ±c are divided by.
  @inline(__always) private static var f0: Double { -a2 * b2 * c2 }
  @inline(__always) private static var fa: Double { 2 * a2 * (a2 - b2) * (a2 - c2) }
  @inline(__always) private static var fb: Double { 2 * b2 * (b2 - a2) * (b2 - c2) }
  @inline(__always) private static var fc: Double { 2 * c2 * (c2 - a2) * (c2 - b2) }

  @inline(__always)
  static func weights(_ w: VectorRow, _ u: VectorPlaces) {
    let (w0, w1, w2, w3, w4) = (w[0], w[1], w[2], w[3], w[4])
    u[0] = w0 * Wide(1 / f0)
    values(w0, w1, w2, w3, w4, a, fa, u, 1)
    values(w0, w1, w2, w3, w4, b, fb, u, 3)
    values(w0, w1, w2, w3, w4, c, fc, u, 5)
    u[7] = w4
  }

  /// The values of a polynomial of five coefficients at ±p, divided.
  @inline(__always)
  private static func values(
    _ w0: Wide, _ w1: Wide, _ w2: Wide, _ w3: Wide, _ w4: Wide, _ p: Double, _ divisor: Double, _ u: VectorPlaces,
    _ first: Int
  ) {
    let even = Wide.multiplyAdd(.multiplyAdd(w4, Wide(p * p), w2), Wide(p * p), w0) * Wide(1 / divisor)
    let odd = Wide.multiplyAdd(w3, Wide(p * p), w1)
    u[first] = .multiplyAdd(odd, Wide(p / divisor), even)
    u[first + 1] = .multiplyAdd(odd, Wide(-p / divisor), even)
  }

  @inline(__always)
  static func weightGradient(_ u: VectorRow, _ w: VectorPlaces) {
    let sumA = (u[1] + u[2]) * Wide(1 / fa)
    let sumB = (u[3] + u[4]) * Wide(1 / fb)
    let sumC = (u[5] + u[6]) * Wide(1 / fc)
    let oddA = (u[1] - u[2]) * Wide(a / fa)
    let oddB = (u[3] - u[4]) * Wide(b / fb)
    let oddC = (u[5] - u[6]) * Wide(c / fc)
    w[0] = .multiplyAdd(u[0], Wide(1 / f0), sumA + sumB + sumC)
    w[1] = oddA + oddB + oddC
    w[2] = powers(sumA, sumB, sumC, 0)
    w[3] = powers(oddA, oddB, oddC, 0)
    w[4] = .multiplyAdd(sumA, Wide(a2 * a2), .multiplyAdd(sumB, Wide(b2 * b2), .multiplyAdd(sumC, Wide(c2 * c2), u[7])))
  }

  /// The sum of terms times their points' squares.
  @inline(__always)
  private static func powers(_ atA: Wide, _ atB: Wide, _ atC: Wide, _ rest: Wide) -> Wide {
    .multiplyAdd(atA, Wide(a2), .multiplyAdd(atB, Wide(b2), .multiplyAdd(atC, Wide(c2), rest)))
  }

  @inline(__always)
  static func output(_ m: VectorRow, _ y: VectorPlaces) {
    let (sumA, oddA) = (m[1] + m[2], (m[1] - m[2]) * Wide(a))
    let (sumB, oddB) = (m[3] + m[4], (m[3] - m[4]) * Wide(b))
    let (sumC, oddC) = (m[5] + m[6], (m[5] - m[6]) * Wide(c))
    y[0] = m[0] + (sumA + sumB + sumC)
    y[1] = oddA + oddB + oddC
    y[2] = powers(sumA, sumB, sumC, 0)
    y[3] = powers(oddA, oddB, oddC, m[7])
  }

  @inline(__always)
  static func outputGradient(_ y: VectorRow, _ m: VectorPlaces) {
    let (y0, y1, y2, y3) = (y[0], y[1], y[2], y[3])
    m[0] = y0
    spread(y0, y1, y2, y3, a, m, 1)
    spread(y0, y1, y2, y3, b, m, 3)
    spread(y0, y1, y2, y3, c, m, 5)
    m[7] = y3
  }

  /// The values of a polynomial of four coefficients at ±p.
  @inline(__always)
  private static func spread(
    _ y0: Wide, _ y1: Wide, _ y2: Wide, _ y3: Wide, _ p: Double, _ m: VectorPlaces, _ first: Int
  ) {
    let even = Wide.multiplyAdd(y2, Wide(p * p), y0)
    let odd = Wide.multiplyAdd(y3, Wide(p * p), y1)
    m[first] = .multiplyAdd(odd, Wide(p), even)
    m[first + 1] = .multiplyAdd(odd, Wide(-p), even)
  }
}
