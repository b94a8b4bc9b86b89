import ApusExpression

/// Plans the copying of a strided view of 4-byte elements: transposition, slicing, concatenation, broadcasting.
package struct StridedCopy {
  let input: TensorView
  let output: TensorView

  /// - Parameters:
  ///   - input: floats or ints.
  ///   - output: as the input, elsewhere in memory.
  package init(_ input: TensorView, to output: TensorView) {
    self.input = input
    self.output = output
  }

  /// Adds the kernel to a program and plans its launch.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    guard input.shape == output.shape, input.element.size == 4, input.element == output.element else {
      throw OpenCLError.launch(kernel: "copy", "input and output do not fit each other.")
    }
    if let transposition = try planTransposition(device, &builder) { return transposition }
    // Bits are moved as they are, whatever they stand for.
    var (from, to) = (input, output)
    from.element = .float32
    to.element = .float32
    return try Pointwise([.input(0)], outputs: [to], inputs: [from]).plan(device, &builder)
  }

  /// The copy through tiles, where the input is contiguous along another dimension than the output.
  private func planTransposition(
    _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch? {
    let walk = CollapsedShape(output.shape, [output.strides, input.strides])
    let rank = walk.shape.count
    guard (2...3).contains(rank), let read = walk.strides[1].firstIndex(of: 1),
      let written = walk.strides[0].firstIndex(of: 1), read != written,
      walk.shape[read] >= 8, walk.shape[written] >= 8
    else { return nil }
    let batch = (0..<rank).first { $0 != read && $0 != written }
    let tile = 32
    let down = min(8, device.largestWorkGroup / tile)
    guard down >= 1 else { return nil }
    let suffix = try builder.add(
      KernelInstance(template: "transpose", macros: ["TILE": "\(tile)", "ROWS": "\(down)"]))
    return PlannedLaunch(
      suffix.name(of: "transpose"),
      [
        .size(walk.shape[written]), .size(walk.shape[read]), .memory(input.memory),
        .elements(batch.map { walk.strides[1][$0] } ?? 0), .elements(walk.strides[1][written]),
        .memory(output.memory), .elements(batch.map { walk.strides[0][$0] } ?? 0),
        .elements(walk.strides[0][read]),
      ],
      groups: [
        walk.shape[read].divided(by: tile), walk.shape[written].divided(by: tile), batch.map { walk.shape[$0] } ?? 1,
      ], local: [tile, down, 1])
  }
}
