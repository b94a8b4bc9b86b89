import ApusCPU
import ApusCPUKernels
import ApusExpression
import Foundation
import Testing

/// The vector readings of `Formula` against double precision, each where the processor has its instruction set: the
/// functions' specializations may be those that the kernel modules made.
@Suite struct LanesTests {
  /// The distance of a float from the exact value, in units of the last place of the value rounded to float.
  static func error(_ actual: Float, _ exact: Double) -> Double {
    let rounded = Float(exact)
    if exact.isNaN { return actual.isNaN ? 0 : .infinity }
    if rounded.isInfinite || actual.isInfinite || actual.isNaN { return actual == rounded ? 0 : .infinity }
    let unit = Swift.max(Double(rounded.magnitude.ulp), Double(Float.leastNonzeroMagnitude))
    return (Double(actual) - exact).magnitude / unit
  }

  /// Every function with its stated accuracy in units of the last place.
  static func functions<L: Lanes>(_: L.Type) -> [(String, Double, (L) -> L, (Double) -> Double)] {
    let isFused = L.multiplyAdd(L(splat: 1 + 0x1p-12), L(splat: 1 - 0x1p-12), -1).vector[0] != 0
    return [
      ("exp", isFused ? 1 : 2, { L.exp($0) }, { Foundation.exp($0) }),
      ("log", isFused ? 1 : 2, { L.log($0) }, { Foundation.log($0) }),
      ("tanh", 2, { L.tanh($0) }, { Foundation.tanh($0) }), ("erf", 2, { L.erf($0) }, { Foundation.erf($0) }),
      ("sigmoid", 3, { L.sigmoid($0) }, { 1 / (1 + Foundation.exp(-$0)) }),
      (
        "softplus", 3, { L.softplus($0) },
        { $0 > 0 ? $0 + Foundation.log1p(Foundation.exp(-$0)) : Foundation.log1p(Foundation.exp($0)) }
      ),
      ("sin", 3, { L.sin($0) }, { Foundation.sin($0) }), ("cos", 3, { L.cos($0) }, { Foundation.cos($0) }),
      ("floor", 0, { L.floor($0) }, { Foundation.floor($0) }), ("abs", 0, { L.abs($0) }, { Swift.abs($0) }),
      ("sqrt", 0.5, { L.sqrt($0) }, { $0.squareRoot() }), ("negate", 0, { -$0 }, { -$0 }),
    ]
  }

  static func check<L: Lanes>(_ type: L.Type) {
    for (name, accuracy, function, exact) in functions(type) {
      var worst = 0.0
      var place: Float = 0
      // Bit patterns over the whole range: both signs, subnormal numbers, infinities and NaN.
      for start in stride(from: UInt64(0), to: 1 << 32, by: 25_013 * L.count) {
        var x = L(splat: 0)
        for lane in 0..<L.count {
          x.vector[lane] = Float(bitPattern: UInt32(truncatingIfNeeded: start + UInt64(lane) * 25_013))
        }
        let y = function(x)
        for lane in 0..<L.count {
          let error = error(y.vector[lane], exact(Double(x.vector[lane])))
          if error > worst { (worst, place) = (error, x.vector[lane]) }
        }
      }
      #expect(worst <= accuracy, "\(type) \(name) at \(place)")
    }
  }

  static func checkSpecials<L: Lanes>(_ type: L.Type) {
    let values: [Float] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    for (name, _, function, exact) in functions(type) {
      for value in values {
        let (actual, wanted) = (function(L(splat: value)).vector[L.count - 1], Float(exact(Double(value))))
        // The sign of zero counts.
        let agrees = actual.isNaN && wanted.isNaN || (actual == wanted && actual.sign == wanted.sign)
        #expect(agrees || error(actual, exact(Double(value))) <= 1, "\(type) \(name)(\(value)) is \(actual)")
      }
    }
  }

  /// The functions that are exact beside 1 and not relative to themselves.
  static func checkNormal<L: Lanes>(_ type: L.Type) {
    var (cumulative, scaled, density, exponential) = (0.0, 0.0, 0.0, 0.0)
    for step in -400_000...400_000 where step % 7 == 0 {
      let x = Float(step) * 1e-4
      let exact = Double.normalCDF(Double(x))
      let error = (Double(L.normalCDF(L(splat: x)).vector[0]) - exact).magnitude
      cumulative = max(cumulative, error)
      scaled = max(scaled, error * Double(x.magnitude))
      density = max(density, (Double(L.normalPDF(L(splat: x)).vector[0]) - Double.normalPDF(Double(x))).magnitude)
      exponential = max(
        exponential, Self.error(L.clampedExp(L(splat: 2 * x)).vector[0], Foundation.exp(2 * Double(x))))
    }
    #expect(cumulative <= 1.2e-7, "\(type)")
    #expect(scaled <= 2.4e-7, "\(type)")
    #expect(density <= 1.2e-7, "\(type)")
    #expect(exponential <= 2, "\(type)")
    for large: Float in [100, 1e10, .greatestFiniteMagnitude, .infinity] {
      #expect(L.normalCDF(L(splat: large)).vector[0] == 1)
      #expect(L.normalCDF(L(splat: -large)).vector[0] < 1e-37)
      #expect(L.normalPDF(L(splat: large)).vector[0] < 1e-37)
    }
    for bits: UInt32 in [0x7FC0_0000, 0x7F80_0001, 0x7FFF_FFFF, 0xFFC0_0155] {
      let nan = L(splat: Float(bitPattern: bits))
      #expect(L.normalCDF(nan).vector[0].isNaN && L.normalPDF(nan).vector[0].isNaN && L.clampedExp(nan).vector[0].isNaN)
    }
    #expect(L.clampedExp(L(splat: -1000)).vector[0] == L.clampedExp(L(splat: -87)).vector[0])
  }

  static func checkWords<L: Lanes>(_ type: L.Type) {
    var x = L(splat: 0)
    let words = (0..<L.count).map { UInt32(truncatingIfNeeded: 0x9E37_79B9 &* ($0 + 1)) }
    for lane in 0..<L.count { x.vector[lane] = Float(bitPattern: words[lane]) }
    let (low, high) = x.bits.multipliedFullWidth(by: 0xD251_1F53)
    for lane in 0..<L.count {
      let product = UInt64(words[lane]) * 0xD251_1F53
      #expect(L(bits: low).vector[lane].bitPattern == UInt32(truncatingIfNeeded: product))
      #expect(L(bits: high).vector[lane].bitPattern == UInt32(product >> 32))
      #expect(L(bits: L.Words.ramp).vector[lane].bitPattern == UInt32(lane))
    }
  }

  static func checkAcross<L: Lanes>(_ type: L.Type) {
    var x = L(splat: 0)
    for lane in 0..<L.count { x.vector[lane] = Float((lane * 7 + 3) % 17) }
    let values = (0..<L.count).map { x.vector[$0] }
    #expect(x.sum == values.reduce(0, +))
    #expect(x.maximum == values.max())
    let matrix = (0..<L.count * 9).map(Float.init)
    matrix.withUnsafeBufferPointer { matrix in
      guard let start = matrix.baseAddress else { return }
      let columns = L.transposed(start + 2, stride: 9)
      for lane in 0..<L.count {
        #expect(columns.0.vector[lane] == Float(lane * 9 + 2))
        #expect(columns.1.vector[lane] == Float(lane * 9 + 3))
        #expect(columns.2.vector[lane] == Float(lane * 9 + 4))
        #expect(columns.3.vector[lane] == Float(lane * 9 + 5))
      }
    }
  }

  /// Two vectors at once give what each gives alone, bit for bit.
  static func checkPair<L: Lanes>(_ type: L.Type) {
    typealias P = Pair<L>
    let functions: [(String, (P) -> P, (L) -> L)] = [
      ("exp", { .exp($0) }, { .exp($0) }), ("clampedExp", { .clampedExp($0) }, { .clampedExp($0) }),
      ("log", { .log($0) }, { .log($0) }), ("tanh", { .tanh($0) }, { .tanh($0) }), ("erf", { .erf($0) }, { .erf($0) }),
      ("normalCDF", { .normalCDF($0) }, { .normalCDF($0) }), ("normalPDF", { .normalPDF($0) }, { .normalPDF($0) }),
      ("sigmoid", { .sigmoid($0) }, { .sigmoid($0) }), ("softplus", { .softplus($0) }, { .softplus($0) }),
      ("sin", { .sin($0) }, { .sin($0) }), ("cos", { .cos($0) }, { .cos($0) }),
      ("floor", { .floor($0) }, { .floor($0) }), ("sqrt", { .sqrt($0) }, { .sqrt($0) }),
      ("arithmetic", { (3 - $0) * $0 / (1 + $0) }, { (3 - $0) * $0 / (1 + $0) }),
      (
        "select", { .select(P.lessOrEqual($0, 2), -$0, .select(P.equal($0, 3), 1, .max($0, 5))) },
        { .select(L.lessOrEqual($0, 2), -$0, .select(L.equal($0, 3), 1, .max($0, 5))) }
      ),
    ]
    for (name, ofPair, ofOne) in functions {
      for start in stride(from: UInt64(0), to: 1 << 32, by: 1_250_013 * L.count) {
        var pair = P(splat: 0)
        for lane in 0..<L.count {
          let word = UInt32(truncatingIfNeeded: start + UInt64(lane) * 625_007)
          pair.first.vector[lane] = Float(bitPattern: word)
          pair.second.vector[lane] = Float(bitPattern: word &* 2_654_435_761)
        }
        let (result, first, second) = (ofPair(pair), ofOne(pair.first), ofOne(pair.second))
        for lane in 0..<L.count {
          #expect(
            result.first.vector[lane].bitPattern == first.vector[lane].bitPattern
              && result.second.vector[lane].bitPattern == second.vector[lane].bitPattern, "\(type) \(name)")
        }
      }
    }
    let values = (0..<2 * L.count).map { Float($0) + 0.5 }
    var copy = [Float](repeating: 0, count: 2 * L.count)
    values.withUnsafeBufferPointer { source in
      copy.withUnsafeMutableBufferPointer { target in
        if let source = source.baseAddress, let target = target.baseAddress { P.load(source).store(target) }
      }
    }
    #expect(copy == values)
  }

  @Test func fourLanes() {
    Self.check(Lanes4.self)
    Self.checkSpecials(Lanes4.self)
    Self.checkNormal(Lanes4.self)
    Self.checkWords(Lanes4.self)
    Self.checkAcross(Lanes4.self)
    Self.checkPair(Lanes4.self)
  }

  @Test(.enabled(if: KernelTable.available.contains { $0.lanes == 8 })) func eightLanes() {
    Self.check(Lanes8.self)
    Self.checkSpecials(Lanes8.self)
    Self.checkNormal(Lanes8.self)
    Self.checkWords(Lanes8.self)
    Self.checkAcross(Lanes8.self)
    Self.checkPair(Lanes8.self)
  }

  @Test(.enabled(if: KernelTable.available.contains { $0.lanes == 16 })) func sixteenLanes() {
    Self.check(Lanes16.self)
    Self.checkSpecials(Lanes16.self)
    Self.checkNormal(Lanes16.self)
    Self.checkWords(Lanes16.self)
    Self.checkAcross(Lanes16.self)
    Self.checkPair(Lanes16.self)
  }
}
