import ApusCPUAVX2
import ApusCPUAVX512
import ApusCPUBaseline
import ApusCPUKernels

extension ChainKernelTable {
  /// The kernels of an instruction set.
  static func table(for instructionSet: InstructionSet) -> ChainKernelTable {
    switch instructionSet {
    case .baseline: ApusCPUBaseline.chainKernels()
    case .avx2: ApusCPUAVX2.chainKernels()
    case .avx512: ApusCPUAVX512.chainKernels()
    }
  }
}
