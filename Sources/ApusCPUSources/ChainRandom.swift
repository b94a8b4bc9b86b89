import ApusExpression

/// Philox over vectors of counters: the same numbers as `Philox`, sixteen counters at a time.
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
  @inline(__always)
  private func drawBlock(_ block: Int, _ target: UnsafeMutablePointer<Float>) {
    let counter = UInt64(truncatingIfNeeded: block) &* 16
    let high = Wide.Words(UInt32(truncatingIfNeeded: counter >> 32))
    var lane = 0
    while lane < 16 {
      var x = Wide.Words(UInt32(truncatingIfNeeded: counter) &+ UInt32(truncatingIfNeeded: lane)) &+ .ramp
      var y = high
      var z = Wide.Words(step)
      var w = Wide.Words(stream)
      var k0 = keyLow
      var k1 = keyHigh
      for _ in 0..<10 {
        let p0 = x.multipliedFullWidth(by: 0xD251_1F53)
        let p1 = z.multipliedFullWidth(by: 0xCD9E_8D57)
        x = p1.high ^ y ^ Wide.Words(k0)
        y = p1.low
        z = p0.high ^ w ^ Wide.Words(k1)
        w = p0.low
        k0 = k0 &+ 0x9E37_79B9
        k1 = k1 &+ 0xBB67_AE85
      }
      uniform(x).store(target + lane)
      uniform(y).store(target + lane + 16)
      uniform(z).store(target + lane + 32)
      uniform(w).store(target + lane + 48)
      lane += Wide.count
    }
  }

  /// The upper 24 bits as a fraction of 2²⁴. Two halves of twelve bits become floats in the low bits of 2²³; every
  /// step is exact.
  @inline(__always)
  private func uniform(_ word: Wide.Words) -> Wide {
    let magic = Wide.Words(0x4B00_0000)
    let upper = Wide(bits: word.shiftedRight(20) | magic) - 0x1p23
    let lower = Wide(bits: (word.shiftedRight(8) & Wide.Words(0xFFF)) | magic) - 0x1p23
    return upper * 0x1p-12 + lower * 0x1p-24
  }
}
