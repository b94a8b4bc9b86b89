/// The kernels of one instruction set, as each kernel module exports them.
///
/// Every kernel runs on the calling thread over the part of the work that its arguments name; sharing out the
/// work is the backend's. Kernels allocate nothing and check nothing: the addresses have to be right.
package struct KernelTable: Sendable {
  /// What the kernels need of the processor.
  package let instructionSet: InstructionSet

  /// The floats of a vector.
  package let lanes: Int

  /// The matrix product's kernels.
  package let matrix: MatrixKernels

  package init(instructionSet: InstructionSet, lanes: Int, matrix: MatrixKernels) {
    self.instructionSet = instructionSet
    self.lanes = lanes
    self.matrix = matrix
  }
}
