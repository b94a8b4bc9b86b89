/// The MD5 digest, by which the publishers of the data sets name their files.
///
/// It guards against broken and swapped files, which is what the published sums can do; it is no protection
/// against a publisher that means ill.
///
/// Source: RFC 1321.
package struct MD5 {
  private var state: SIMD4<UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  private static let shifts: [[UInt32]] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]]
  /// ⌊2³² · |sin(i + 1)|⌋.
  private static let constants: [UInt32] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
  ]

  /// The digest of `bytes` as 32 hexadecimal digits.
  package static func hexadecimal(of bytes: UnsafeRawBufferPointer) -> String {
    var digest = MD5()
    digest.update(bytes)
    return digest.finished()
  }

  private mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    let whole = bytes.count / 64 * 64
    for start in stride(from: 0, to: whole, by: 64) {
      absorb(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
    }
    pending = Array(bytes[whole...])
  }

  private mutating func finished() -> String {
    pending.append(0x80)
    while pending.count % 64 != 56 { pending.append(0) }
    for index in 0..<8 { pending.append(UInt8(truncatingIfNeeded: (byteCount &* 8) >> (8 * UInt64(index)))) }
    let last = pending
    last.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 64) {
        absorb(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
      }
    }
    var text = ""
    for word in 0..<4 {
      for byte in 0..<4 {
        let value = UInt8(truncatingIfNeeded: state[word] >> UInt32(8 * byte))
        text += (value < 16 ? "0" : "") + String(value, radix: 16)
      }
    }
    return text
  }

  private mutating func absorb(_ block: UnsafeRawBufferPointer) {
    MD5.constants.withUnsafeBufferPointer { constants in
      var (a, b, c, d) = (state.x, state.y, state.z, state.w)
      for round in 0..<4 {
        let shifts = MD5.shifts[round]
        for inner in 0..<16 {
          let mixed: UInt32
          let source: Int
          switch round {
          case 0: (mixed, source) = ((b & c) | (~b & d), inner)
          case 1: (mixed, source) = ((d & b) | (~d & c), (5 * inner + 1) % 16)
          case 2: (mixed, source) = (b ^ c ^ d, (3 * inner + 5) % 16)
          default: (mixed, source) = (c ^ (b | ~d), 7 * inner % 16)
          }
          let word = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 4 * source, as: UInt32.self))
          let sum = mixed &+ a &+ constants[16 * round + inner] &+ word
          let shift = shifts[inner % 4]
          (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
        }
      }
      state = state &+ [a, b, c, d]
    }
  }
}
