/// Philox 4×32-10, a counter-based random generator: a pure function from (key, counter) to four words.
///
/// Nothing is stored between calls, so a resumed run draws what an uninterrupted one would have drawn,
/// and every backend draws the same numbers in any order.
///
/// Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
public struct Philox: Sendable, Hashable {
  /// The key's two words.
  public let key: SIMD2<UInt32>

  /// A generator whose key is the seed's two halves, low word first.
  @inlinable
  public init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// The four words at a counter.
  @inlinable
  public func words(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p0 = UInt64(c.x) &* 0xD251_1F53
      let p1 = UInt64(c.z) &* 0xCD9E_8D57
      c = SIMD4(
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.y ^ k.x, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.w ^ k.y, UInt32(truncatingIfNeeded: p0))
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return c
  }

  /// The word that belongs to one element of a tensor.
  ///
  /// Elements are taken in blocks of 64; a block uses 16 consecutive counters, whose word `w` serves the
  /// elements 16w ..< 16w + 16. So 16 lanes draw four contiguous vectors with no shuffling. The counter is
  /// (block · 16 + lane, its high half, step, stream).
  ///
  /// - Parameters:
  ///   - element: the element's row-major index.
  ///   - step: the training step, so that each step draws afresh.
  ///   - stream: tells apart the random leaves of one step.
  @inlinable
  public func word(element: Int, step: UInt32, stream: UInt32) -> UInt32 {
    let counter = UInt64(element / 64) * 16 + UInt64(element % 16)
    let words = words(
      at: SIMD4(
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), step, stream))
    return words[element / 16 % 4]
  }

  /// A uniform value in [0, 1) with 24 random bits, the same for every backend.
  @inlinable
  public func uniform(element: Int, step: UInt32, stream: UInt32) -> Float {
    Philox.uniform(word(element: element, step: step, stream: stream))
  }

  /// The upper 24 bits of a word as a fraction of 2²⁴.
  @inlinable
  public static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  /// An unbiased integer in `0 ..< bound`, by Lemire's multiply-and-reject on a run of elements.
  ///
  /// `element` is advanced past the words that were used, so successive calls draw successive words.
  @inlinable
  public func integer(below bound: UInt32, element: inout Int, step: UInt32, stream: UInt32) -> UInt32 {
    let threshold = (0 &- bound) % bound
    while true {
      let product = UInt64(word(element: element, step: step, stream: stream)) * UInt64(bound)
      element += 1
      if UInt32(truncatingIfNeeded: product) >= threshold { return UInt32(product >> 32) }
    }
  }

  /// The numbers `0 ..< count` in a random order (Fisher–Yates).
  public func permutation(count: Int, step: UInt32, stream: UInt32) -> [Int32] {
    var order = [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
      for i in 0..<count { buffer.initializeElement(at: i, to: Int32(truncatingIfNeeded: i)) }
      initialized = count
    }
    var element = 0
    var i = count - 1
    while i > 0 {
      let j = Int(integer(below: UInt32(i + 1), element: &element, step: step, stream: stream))
      order.swapAt(i, j)
      i -= 1
    }
    return order
  }
}
