/// The instruction sets that the kernels are compiled for, the plainest first.
package enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on arm64.
  case baseline
  /// AVX2 with fused multiply-add.
  case avx2
  /// AVX-512 with its byte, word, doubleword and vector-length parts.
  case avx512

  package static func < (a: InstructionSet, b: InstructionSet) -> Bool {
    a.rank < b.rank
  }

  private var rank: Int {
    switch self {
    case .baseline: 0
    case .avx2: 1
    case .avx512: 2
    }
  }
}
