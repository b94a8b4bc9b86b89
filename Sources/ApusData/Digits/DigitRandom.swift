import ApusExpression

/// The random numbers of one generated picture: a Philox sequence that belongs to its split and its index.
struct DigitRandom {
  private let generator: Philox
  private let split: UInt32
  private let index: UInt32
  private var block: UInt32 = 0
  private var words: SIMD4<UInt32> = .zero
  private var used = 4

  init(generator: Philox, split: UInt32, index: Int) {
    self.generator = generator
    self.split = split
    self.index = UInt32(truncatingIfNeeded: index)
  }

  /// Four words that have not been used.
  mutating func block4() -> SIMD4<UInt32> {
    defer { block &+= 1 }
    return generator.words(at: [block, index, split, 0x4449_4749])
  }

  /// A word that has not been used.
  mutating func word() -> UInt32 {
    if used == 4 {
      words = block4()
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// An integer in `0 ..< bound`, for bounds so small that the bias does not matter.
  mutating func integer(below bound: Int) -> Int { Int((UInt64(word()) * UInt64(bound)) >> 32) }

  /// A uniform number in `low ..< high`.
  mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * Philox.uniform(word()) }

  /// A number around 0 with a triangular distribution from `-reach` to `reach`.
  mutating func around0(_ reach: Float) -> Float { (uniform(0, 1) + uniform(0, 1) - 1) * reach }
}
