import ApusExpression
import Testing

@Suite struct PhiloxTests {
  /// The known answers of `philox4x32-10` in the Random123 distribution's `kat_vectors`.
  @Test func knownAnswers() {
    let zeros = Philox(seed: 0).words(at: SIMD4(repeating: 0))
    #expect(zeros == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))

    let ones = Philox(seed: .max).words(at: SIMD4(repeating: .max))
    #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))

    let pi = Philox(seed: 0x299F_31D0_A409_3822)
      .words(at: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344))
    #expect(pi == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  /// Element `e` is word `e / 16 % 4` at counter `e / 64 · 16 + e % 16`.
  @Test(arguments: [0, 1, 15, 16, 63, 64, 65, 1000, 64 << 28, (64 << 28) + 17])
  func elementsLieInBlocks(element: Int) {
    let philox = Philox(seed: 42)
    let counter = UInt64(element / 64 * 16 + element % 16)
    let words = philox.words(at: SIMD4(UInt32(counter & 0xFFFF_FFFF), UInt32(counter >> 32), 5, 6))
    #expect(philox.word(element: element, step: 5, stream: 6) == words[element / 16 % 4])
  }

  @Test func wordsOfElementsAreAllDifferent() {
    let philox = Philox(seed: 1)
    var counters: Set<UInt32> = []
    for element in 0..<10_000 { counters.insert(philox.word(element: element, step: 0, stream: 0)) }
    // 10,000 of 2³² numbers repeat 0.01 times on average.
    #expect(counters.count >= 9_998)
  }

  @Test func uniformsHaveTheMomentsOfTheirDistribution() {
    let philox = Philox(seed: 9)
    let count = 100_000
    let values = (0..<count).map { Double(philox.uniform(element: $0, step: 3, stream: 2)) }
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // Four standard errors: 4 · √(1/12/n) and 4 · √(1/180/n).
    #expect(abs(mean - 0.5) < 0.0037)
    #expect(abs(variance - 1.0 / 12) < 0.00095)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
  }

  @Test func uniformsAreFractionsOf24Bits() {
    #expect(Philox.uniform(0xFFFF_FFFF) == 1 - 0x1p-24)
    #expect(Philox.uniform(0x0000_00FF) == 0)
    #expect(Philox.uniform(0x8000_0000) == 0.5)
  }

  @Test func seedsStepsAndStreamsDrawAfresh() {
    func draw(_ seed: UInt64, _ step: UInt32, _ stream: UInt32) -> [UInt32] {
      (0..<8).map { Philox(seed: seed).word(element: $0, step: step, stream: stream) }
    }
    let draws = [draw(1, 1, 1), draw(2, 1, 1), draw(1 << 32 | 1, 1, 1), draw(1, 2, 1), draw(1, 1, 2)]
    #expect(Set(draws).count == draws.count)
  }

  @Test(arguments: [0, 1, 2, 3, 17, 1000, 60_000])
  func permutationsContainEveryNumberOnce(count: Int) {
    let order = Philox(seed: 3).permutation(count: count, step: 1, stream: 0)
    #expect(order.sorted() == (0..<Int32(count)).map { $0 })
    if count >= 17 { #expect(order != order.sorted()) }
  }

  /// Each of the 24 orders of four numbers is as likely as another.
  @Test func permutationsAreUnbiased() {
    let philox = Philox(seed: 5)
    let draws = 24_000
    var counts: [[Int32]: Int] = [:]
    for step in 0..<draws { counts[philox.permutation(count: 4, step: UInt32(step), stream: 1), default: 0] += 1 }
    #expect(counts.count == 24)
    let chiSquare = counts.values.reduce(0.0) {
      $0 + Double(($1 - draws / 24) * ($1 - draws / 24)) / Double(draws / 24)
    }
    // 23 degrees of freedom: above 49.7 in one of a thousand.
    #expect(chiSquare < 49.7)
  }

  /// A bound that does not divide 2³² evenly: without rejection, small numbers would come up half as often again.
  @Test func integersAreUnbiased() {
    let philox = Philox(seed: 6)
    let bound = UInt32(3) << 30
    var element = 0
    var below = 0
    let draws = 30_000
    for _ in 0..<draws {
      let value = philox.integer(below: bound, element: &element, step: 0, stream: 0)
      #expect(value < bound)
      if value < 1 << 30 { below += 1 }
    }
    // A third, within five standard errors; a quarter of the words is rejected.
    #expect(abs(Double(below) / Double(draws) - 1.0 / 3) < 0.0136)
    #expect(abs(Double(element) / Double(draws) - 4.0 / 3) < 0.02)
  }
}
