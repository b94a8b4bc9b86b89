/// Plans the search for the largest element along an axis.
package struct ArgMax {
  /// `[outer, count, inner]` floats, of which the middle dimension is searched.
  let input: TensorView
  /// `[outer, inner]` ints, without gaps.
  let output: MemoryRange

  /// - Parameters:
  ///   - input: three dimensions, the middle one searched.
  ///   - output: an int for each outer and inner index, row-major.
  package init(input: TensorView, output: MemoryRange) {
    self.input = input
    self.output = output
  }

  /// Adds the kernel to a program and plans its launch.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    guard input.shape.count == 3, input.shape[1] > 0 else {
      throw OpenCLError.launch(kernel: "argmax", "its input has not three dimensions, or nothing to search.")
    }
    let outputs = input.shape[0] * input.shape[2]
    let split = RowSplit(device, rows: outputs, work: input.shape[1])
    let suffix = try builder.add(KernelInstance(template: "argmax"))
    return PlannedLaunch(
      suffix.name(of: "argmax"),
      [
        .size(outputs), .size(split.rowsPerItem), .size(input.shape[2]), .size(input.shape[1]), .memory(input.memory),
        .elements(input.strides[0]), .elements(input.strides[1]), .elements(input.strides[2]), .memory(output),
      ], groups: [split.items.divided(by: split.local)], local: [split.local])
  }
}

/// How rows of equal work are dealt out to work-items.
struct RowSplit {
  let rowsPerItem: Int
  let items: Int
  let local: Int

  /// - Parameter work: the elements of a row.
  init(_ device: OpenCLDevice, rows: Int, work: Int) {
    switch device.style {
    case .wide:
      let wanted = max(1, min(rows * work / 4096, 4 * device.computeUnits))
      rowsPerItem = max(1, rows.divided(by: wanted))
      local = 1
    case .tiled:
      rowsPerItem = 1
      local = min(64, device.largestWorkGroup)
    }
    items = rows.divided(by: rowsPerItem)
  }
}
