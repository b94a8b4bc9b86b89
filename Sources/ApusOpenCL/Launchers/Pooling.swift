import ApusGraph

/// Plans poolings and their gradients.
package struct Pooling {
  let shape: PoolShape

  package init(_ shape: PoolShape) { self.shape = shape }

  private func macros(width: Int) -> [String: String] {
    var macros = shape.window.macros
    macros["WIDTH"] = "\(width)"
    macros["KIND"] =
      switch shape.kind {
      case .max: "0"
      case .average: "1"
      case .averageWithoutPadding: "2"
      }
    return macros
  }

  private var extents: [KernelArgument] {
    [.size(shape.planes), .int(shape.input[0]), .int(shape.input[1]), .int(shape.output[0]), .int(shape.output[1])]
  }

  /// The widest vector for which a row has room among the outputs whose windows lie inside it.
  private func width(_ device: OpenCLDevice) -> Int {
    guard device.style == .wide else { return 1 }
    let window = shape.window
    let (stride, padding) = (window.strides[1], window.padding[1])
    let room = shape.input[1] + padding - ((window.size[1] - 1) * window.dilation[1] + 1)
    let inside = min(room / stride + 1, shape.output[1]) - padding.divided(by: stride)
    return [16, 8, 4].first { $0 <= inside } ?? 1
  }

  /// Adds the kernel to a program and plans its launch.
  package func plan(
    _ input: MemoryRange, to output: MemoryRange, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let suffix = try builder.add(KernelInstance(template: "pool", macros: macros(width: width(device))))
    let rows = shape.planes * shape.output[0]
    let rowsPerItem: Int
    let columnsPerItem: Int
    let local: [Int]
    switch device.style {
    case .wide:
      let wanted = max(1, min(shape.planes * shape.input[0] * shape.input[1] / 8192, 8 * device.computeUnits))
      rowsPerItem = rows.divided(by: wanted)
      columnsPerItem = shape.output[1]
      local = [1, 1]
    case .tiled:
      rowsPerItem = 1
      columnsPerItem = 1
      local = Pooling.local(shape.output[1], device)
    }
    return PlannedLaunch(
      suffix.name(of: "pool"),
      extents + [.size(rowsPerItem), .int(columnsPerItem), .memory(input), .memory(output)],
      groups: [
        shape.output[1].divided(by: columnsPerItem).divided(by: local[0]),
        rows.divided(by: rowsPerItem).divided(by: local[1]),
      ], local: local)
  }

  /// Adds the gradient's kernel to a program and plans its launch.
  ///
  /// - Parameter input: needed for the largest element alone.
  package func planGradient(
    _ upstream: MemoryRange, input: MemoryRange?, to output: MemoryRange, _ device: OpenCLDevice,
    _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard input != nil || shape.kind != .max else {
      throw OpenCLError.launch(kernel: "pool_gradient", "the gradient of the largest needs the input.")
    }
    let suffix = try builder.add(KernelInstance(template: "pool", macros: macros(width: width(device))))
    let memory: [KernelArgument] = [.memory(upstream), .memory(input ?? upstream), .memory(output)]
    switch device.style {
    case .wide:
      let wanted = max(1, min(shape.planes * shape.input[0] * shape.input[1] / 4096, 8 * device.computeUnits))
      let planesPerItem = shape.planes.divided(by: wanted)
      return PlannedLaunch(
        suffix.name(of: "pool_gradient_planes"), extents + [.size(planesPerItem)] + memory,
        groups: [shape.planes.divided(by: planesPerItem)], local: [1])
    case .tiled:
      let local = Pooling.local(shape.input[1], device)
      return PlannedLaunch(
        suffix.name(of: "pool_gradient"), extents + memory,
        groups: [
          shape.input[1].divided(by: local[0]), (shape.planes * shape.input[0]).divided(by: local[1]),
        ], local: local)
    }
  }

  /// Work-groups of one size, of the form that suits a row's length.
  private static func local(_ columns: Int, _ device: OpenCLDevice) -> [Int] {
    let size = min(64, device.largestWorkGroup)
    let across = min(columns.roundedUpToPowerOfTwo, size)
    return [across, size / across]
  }
}
