/// Philox over vectors of counters: the same numbers as `Philox`, a block of 64 at a time.
struct ChainRandom {
  let keyLow: UInt32
  let keyHigh: UInt32
  let step: UInt32
  let stream: UInt32
  /// Room for 64 numbers.
  let spare: UnsafeMutablePointer<Float>

  /// Draws the numbers of consecutive elements; nothing past the last is written.
  func draw(_ first: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>) {
    let end = first + count
    var element = first
    while element < end {
      let block = element / 64
      let start = element % 64
      let length = min(64 - start, end - element)
      if length == 64 {
        drawBlock(block, target + (element - first))
      } else {
        drawBlock(block, spare)
        for index in 0..<length { target[element - first + index] = spare[start + index] }
      }
      element += length
    }
  }

  /// Draws 64 numbers: word `w` of counter `16 · block + lane` belongs to element `64 · block + 16 w + lane`.
  ///
  /// Even and odd counters are kept apart, each in the low half of a 64-bit lane: the multiplication takes the low
  /// half and gives all 64 bits, so nothing is rearranged before the last round.
  private func drawBlock(_ block: Int, _ target: UnsafeMutablePointer<Float>) {
    let counter = UInt64(truncatingIfNeeded: block) &* 16
    let low = Words(repeating: counter & 0xFFFF_FFFF)
    var even = Counters(x: low | Words(0, 2, 4, 6, 8, 10, 12, 14), high: counter >> 32, step: step, stream: stream)
    var odd = Counters(x: low | Words(1, 3, 5, 7, 9, 11, 13, 15), high: counter >> 32, step: step, stream: stream)
    var k0 = keyLow
    var k1 = keyHigh
    for _ in 0..<10 {
      even.mix(k0, k1)
      odd.mix(k0, k1)
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    store(even.x, odd.x, target)
    store(even.y, odd.y, target + 16)
    store(even.z, odd.z, target + 32)
    store(even.w, odd.w, target + 48)
  }

  /// Joins the words of even and odd counters and stores the upper 24 bits of each as a fraction of 2²⁴.
  @inline(__always)
  private func store(_ even: Words, _ odd: Words, _ target: UnsafeMutablePointer<Float>) {
    let joined = (even & Words(repeating: 0xFFFF_FFFF)) | (odd &<< Words(repeating: 32))
    let words = unsafeBitCast(joined, to: SIMD16<UInt32>.self)
    // Two halves of twelve bits become floats in the low bits of 2²³; every step is exact.
    let magic = SIMD16<UInt32>(repeating: 0x4B00_0000)
    let upper = (words &>> SIMD16(repeating: 20)) | magic
    let lower = ((words &>> SIMD16(repeating: 8)) & SIMD16(repeating: 0xFFF)) | magic
    let offset = SIMD16<Float>(repeating: 0x1p23)
    let numbers =
      (unsafeBitCast(upper, to: SIMD16<Float>.self) - offset) * 0x1p-12
      + (unsafeBitCast(lower, to: SIMD16<Float>.self) - offset) * 0x1p-24
    UnsafeMutableRawPointer(target).storeBytes(of: numbers, as: SIMD16<Float>.self)
  }
}

private typealias Words = SIMD8<UInt64>

/// The four words of eight counters, each in the low half of a lane; the upper halves hold anything.
private struct Counters {
  var x: Words
  var y: Words
  var z: Words
  var w: Words

  @inline(__always)
  init(x: Words, high: UInt64, step: UInt32, stream: UInt32) {
    self.x = x
    y = Words(repeating: high)
    z = Words(repeating: UInt64(step))
    w = Words(repeating: UInt64(stream))
  }

  /// One round.
  @inline(__always)
  mutating func mix(_ k0: UInt32, _ k1: UInt32) {
    let lower = Words(repeating: 0xFFFF_FFFF)
    let shift = Words(repeating: 32)
    let p0 = (x & lower) &* Words(repeating: 0xD251_1F53)
    let p1 = (z & lower) &* Words(repeating: 0xCD9E_8D57)
    x = (p1 &>> shift) ^ y ^ Words(repeating: UInt64(k0))
    y = p1
    z = (p0 &>> shift) ^ w ^ Words(repeating: UInt64(k1))
    w = p0
  }
}
