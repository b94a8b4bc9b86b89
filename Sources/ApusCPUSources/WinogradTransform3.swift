import ApusCPUKernels
import ApusExpression

/// 4 sums of 3 terms from 6 products.
enum WinogradOf3: WinogradTransform {
  @inline(__always) static var window: Int { 3 }
  @inline(__always) static var points: Int { 6 }

  @inline(__always) private static var a: Double { 0.75 }
  @inline(__always) private static var b: Double { 1.5 }
  @inline(__always) private static var a2: Double { a * a }
  @inline(__always) private static var b2: Double { b * b }

  @inline(__always)
  static func input(_ x: VectorRow, _ v: VectorPlaces) {
    let (x1, x2, x3, x4) = (x[1], x[2], x[3], x[4])
    v[0] = .multiplyAdd(x[0], Wide(a2 * b2), .multiplyAdd(x2, Wide(-a2 - b2), x4))
    let evenA = Wide.multiplyAdd(x2, Wide(-b2), x4)
    let oddA = Wide.multiplyAdd(x1, Wide(-b2), x3)
    v[1] = .multiplyAdd(oddA, Wide(a), evenA)
    v[2] = .multiplyAdd(oddA, Wide(-a), evenA)
    let evenB = Wide.multiplyAdd(x2, Wide(-a2), x4)
    let oddB = Wide.multiplyAdd(x1, Wide(-a2), x3)
    v[3] = .multiplyAdd(oddB, Wide(b), evenB)
    v[4] = .multiplyAdd(oddB, Wide(-b), evenB)
    v[5] = .multiplyAdd(x1, Wide(a2 * b2), .multiplyAdd(x3, Wide(-a2 - b2), x[5]))
  }

  /// What the values at ±a and at ±b are divided by.
  @inline(__always) private static var fa: Double { 2 * a2 * (a2 - b2) }
  @inline(__always) private static var fb: Double { 2 * b2 * (b2 - a2) }

  @inline(__always)
  static func weights(_ w: VectorRow, _ u: VectorPlaces) {
    let (w0, w1, w2) = (w[0], w[1], w[2])
    u[0] = w0 * Wide(1 / (a2 * b2))
    let evenA = Wide.multiplyAdd(w2, Wide(a2), w0) * Wide(1 / fa)
    u[1] = .multiplyAdd(w1, Wide(a / fa), evenA)
    u[2] = .multiplyAdd(w1, Wide(-a / fa), evenA)
    let evenB = Wide.multiplyAdd(w2, Wide(b2), w0) * Wide(1 / fb)
    u[3] = .multiplyAdd(w1, Wide(b / fb), evenB)
    u[4] = .multiplyAdd(w1, Wide(-b / fb), evenB)
    u[5] = w2
  }

  @inline(__always)
  static func weightGradient(_ u: VectorRow, _ w: VectorPlaces) {
    let sumA = (u[1] + u[2]) * Wide(1 / fa)
    let sumB = (u[3] + u[4]) * Wide(1 / fb)
    w[0] = .multiplyAdd(u[0], Wide(1 / (a2 * b2)), sumA + sumB)
    w[1] = .multiplyAdd(u[1] - u[2], Wide(a / fa), (u[3] - u[4]) * Wide(b / fb))
    w[2] = .multiplyAdd(sumA, Wide(a2), .multiplyAdd(sumB, Wide(b2), u[5]))
  }

  @inline(__always)
  static func output(_ m: VectorRow, _ y: VectorPlaces) {
    let (m1, m2, m3, m4) = (m[1], m[2], m[3], m[4])
    let (sumA, sumB) = (m1 + m2, m3 + m4)
    let (oddA, oddB) = ((m1 - m2) * Wide(a), (m3 - m4) * Wide(b))
    y[0] = m[0] + (sumA + sumB)
    y[1] = oddA + oddB
    y[2] = .multiplyAdd(sumA, Wide(a2), sumB * Wide(b2))
    y[3] = .multiplyAdd(oddA, Wide(a2), .multiplyAdd(oddB, Wide(b2), m[5]))
  }

  @inline(__always)
  static func outputGradient(_ y: VectorRow, _ m: VectorPlaces) {
    let (y0, y1, y2, y3) = (y[0], y[1], y[2], y[3])
    m[0] = y0
    let evenA = Wide.multiplyAdd(y2, Wide(a2), y0)
    let oddA = Wide.multiplyAdd(y3, Wide(a2), y1)
    m[1] = .multiplyAdd(oddA, Wide(a), evenA)
    m[2] = .multiplyAdd(oddA, Wide(-a), evenA)
    let evenB = Wide.multiplyAdd(y2, Wide(b2), y0)
    let oddB = Wide.multiplyAdd(y3, Wide(b2), y1)
    m[3] = .multiplyAdd(oddB, Wide(b), evenB)
    m[4] = .multiplyAdd(oddB, Wide(-b), evenB)
    m[5] = y3
  }
}
