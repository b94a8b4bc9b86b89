import ApusCPUKernels
import ApusExpression

/// Multiply-adds on twelve vectors that stay in registers: as many as are needed to hide the latency of four or five
/// cycles on processors that begin two or three a cycle. It measures the processor's arithmetic and nothing else.
///
/// Every element nears 1, so that no number is subnormal, infinite or too large.
func addProducts(_ repetitions: Int, _ result: UnsafeMutablePointer<Float>) {
  let factor = Wide(splat: 0.9990234375)
  let term = Wide(splat: 0.0009765625)
  var a = Wide(splat: result[0])
  var (b, c, d, e, f, g) = (a + term, a - term, a * factor, a + factor, a - factor, a * term)
  var (h, i, j, k, l) = (b * factor, c * factor, d * factor, e * factor, f * factor)
  for _ in 0..<repetitions &* (KernelTable.multiplyAddsPerRepetition / 12) {
    a = .multiplyAdd(a, factor, term)
    b = .multiplyAdd(b, factor, term)
    c = .multiplyAdd(c, factor, term)
    d = .multiplyAdd(d, factor, term)
    e = .multiplyAdd(e, factor, term)
    f = .multiplyAdd(f, factor, term)
    g = .multiplyAdd(g, factor, term)
    h = .multiplyAdd(h, factor, term)
    i = .multiplyAdd(i, factor, term)
    j = .multiplyAdd(j, factor, term)
    k = .multiplyAdd(k, factor, term)
    l = .multiplyAdd(l, factor, term)
  }
  (a + b + c + d + (e + f + g + h) + (i + j + k + l)).store(result)
}
