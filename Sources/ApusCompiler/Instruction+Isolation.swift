extension Instruction {
  /// A program of this instruction alone: each operand is a buffer of its own, `input0`, `input1`, … and `output0`, ….
  ///
  /// For measuring a launch and trying its variants apart from the program that it comes from.
  public var isolated: Program {
    var declarations: [BufferDeclaration] = []
    func own(_ slices: [BufferSlice], _ name: String) -> [BufferSlice] {
      slices.enumerated().map { index, slice in
        declarations.append(
          BufferDeclaration(name: "\(name)\(index)", elementType: slice.elementType, count: slice.count))
        return BufferSlice(
          location: .buffer(declarations.count - 1), elementType: slice.elementType, offset: 0, count: slice.count)
      }
    }
    let (inputs, outputs) = (own(inputs, "input"), own(outputs, "output"))
    return Program(
      buffers: declarations, workspaces: [],
      instructions: [Instruction(kernel: kernel, inputs: inputs, outputs: outputs, label: label)], offsetNames: [],
      workspaceWithoutReuse: 0)
  }
}
