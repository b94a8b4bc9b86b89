import ApusCPUKernels
import ApusExpression

// In a dependency build, and on other architectures, this module holds a second copy of the baseline kernels,
// which is never chosen.
#if APUS_BASELINE_ONLY || !arch(x86_64)
  typealias Wide = Lanes4
  let instructionSet = InstructionSet.baseline
#else
  typealias Wide = Lanes16
  let instructionSet = InstructionSet.avx512
#endif
