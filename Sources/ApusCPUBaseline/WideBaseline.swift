import ApusCPUKernels
import ApusExpression

typealias Wide = Lanes4
let instructionSet = InstructionSet.baseline
