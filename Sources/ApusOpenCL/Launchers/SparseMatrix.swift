import ApusCompiler

/// Plans what is done with rows of a sparse matrix, each padded to one length.
package enum SparseMatrix {
  /// Adds the kernel that takes rows out of a sparse matrix to a program and plans its launch.
  ///
  /// Changing arguments: `picks`, so that a batch can begin elsewhere.
  package static func planRows(
    _ kernel: SparseRowsKernel, starts: MemoryRange, entries: TensorView, picks: MemoryRange, output: TensorView,
    _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let isInteger = output.element == .int32
    guard entries.element != .int32 || isInteger, output.element != .uint8 else {
      throw OpenCLError.launch(kernel: "sparse_rows", "entries and result do not fit each other.")
    }
    let suffix = try builder.add(
      KernelInstance(
        template: "sparse_rows",
        macros: ["ELEMENT": entries.element.openCL, "RESULT": output.element.openCL]))
    var parameters = ParameterList([
      .size(kernel.rows), .size(kernel.length), .size(kernel.tableRows), .size(kernel.entryCount),
      isInteger ? .int(-1) : .float(0), .memory(starts), entries.argument,
    ])
    parameters.fix("picks", .memory(picks))
    parameters.fix(nil, .memory(output.memory))
    let local = device.style == .wide ? 1 : min(64, device.largestWorkGroup)
    let rowItems = device.style == .wide ? min(kernel.rows, 2 * device.computeUnits) : kernel.rows
    return PlannedLaunch(
      suffix.name(of: "sparse_rows"), parameters.arguments,
      groups: [device.style == .wide ? 1 : kernel.length.divided(by: local), rowItems], local: [local, 1],
      names: parameters.names)
  }

  private static func extents(_ kernel: SparseProductKernel) -> [KernelArgument] {
    [.size(kernel.rows), .size(kernel.length), .size(kernel.tableRows), .size(kernel.columns)]
  }

  private static func instance(_ device: OpenCLDevice, local: Int) -> KernelInstance {
    KernelInstance(
      template: "sparse_product", macros: ["WIDTH": device.style == .wide ? "16" : "1", "LOCAL": "\(local)"])
  }

  private static func local(_ device: OpenCLDevice) -> Int {
    device.style == .wide ? 1 : min(64, device.largestWorkGroup)
  }

  /// Adds the product's kernel to a program and plans its launch.
  package static func planProduct(
    _ kernel: SparseProductKernel, columns: MemoryRange, values: MemoryRange, table: MemoryRange, output: MemoryRange,
    _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let local = local(device)
    let suffix = try builder.add(instance(device, local: local))
    let rowItems = device.style == .wide ? min(kernel.rows, 8 * device.computeUnits) : kernel.rows
    return PlannedLaunch(
      suffix.name(of: "sparse_product"),
      extents(kernel) + [.memory(columns), .memory(values), .memory(table), .memory(output)],
      groups: [device.style == .wide ? 1 : kernel.columns.divided(by: local), rowItems], local: [local, 1])
  }

  /// The memory that the gradient needs beside its operands, in bytes.
  package static func gradientScratchSize(_ kernel: SparseProductKernel) -> Int { kernel.rows * 4 }

  /// Adds the gradient's kernels to a program and plans their launches.
  ///
  /// - Parameter scratch: at least `gradientScratchSize` bytes, free during the launches.
  package static func planGradient(
    _ kernel: SparseProductKernel, columns: MemoryRange, values: MemoryRange, upstream: MemoryRange,
    output: MemoryRange, scratch: MemoryRange?, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard let scratch, scratch.size >= gradientScratchSize(kernel) else {
      throw OpenCLError.launch(
        kernel: "sparse_product_gradient", "it needs \(gradientScratchSize(kernel)) bytes of scratch memory.")
    }
    let local = local(device)
    let suffix = try builder.add(instance(device, local: local))
    let lengths = scratch.range(at: 0, size: kernel.rows * 4)
    // A power of two, few enough that going through all entries in each share costs little beside adding them.
    let parts = min((device.style == .wide ? 4 : 8) * device.computeUnits, kernel.tableRows).roundedUpToPowerOfTwo
    return [
      PlannedLaunch(
        suffix.name(of: "sparse_lengths"),
        [.size(kernel.rows), .size(kernel.length), .memory(columns), .memory(lengths)],
        groups: [kernel.rows.divided(by: local)], local: [local]),
      PlannedLaunch(
        suffix.name(of: "sparse_product_gradient"),
        extents(kernel) + [
          .size(parts), .memory(columns), .memory(values), .memory(upstream), .memory(lengths), .memory(output),
        ], groups: [parts], local: [local]),
    ]
  }
}
