import ApusExpression

/// Plans the gathering of a table's rows by index, with a pointwise chain on each element.
package struct GatherRows {
  /// `[tableRows, columns]` floats, ints or bytes, contiguous along the columns.
  let table: TensorView
  /// An int for each row of the output; one outside the table gives a row of NaN (of −1 in a table of ints).
  let indices: MemoryRange
  /// `[rows, columns]`, contiguous along the columns: floats, or ints from a table of ints.
  let output: TensorView
  /// What is written, over the table's element, input 0, and the further inputs.
  let epilogue: Epilogue

  /// - Parameter inputs: inputs 1, 2, … of the epilogue: floats of the output's shape, broadcast by strides of 0.
  package init(
    table: TensorView, indices: MemoryRange, output: TensorView, epilogue: Expression = .input(0),
    inputs: [TensorView] = []
  ) {
    self.table = table
    self.indices = indices
    self.output = output
    self.epilogue = Epilogue(expression: epilogue, inputs: inputs.map { $0.batched(1) })
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: `indices`, so that a batch can begin elsewhere; each uniform `n` of the epilogue as `uN`;
  /// `key0`, `key1` and `step` for random leaves.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    try epilogue.validate("gather_rows")
    let isInteger = output.element == .int32
    guard table.shape.count == 2, output.shape.count == 2, table.shape[1] == output.shape[1],
      table.strides[1] == 1 || table.shape[1] == 1, output.strides[1] == 1 || output.shape[1] == 1,
      output.element != .uint8, !isInteger || (table.element == .int32 && epilogue.expression == .input(0))
    else { throw OpenCLError.launch(kernel: "gather_rows", "table and output do not fit each other.") }

    let (rows, columns) = (output.shape[0], output.shape[1])
    let split = WorkSplit(device, rows: rows, columns: columns, isVector: true)
    var parameters = ParameterList(split.arguments)
    parameters.fix("indices", .memory(indices))
    parameters.fix(nil, .size(table.shape[0]))
    parameters.fix(nil, isInteger ? .int(-1) : .float(.nan))
    parameters.fix(nil, .memory(table.memory, stride: table.element.size))
    parameters.fix(nil, .elements(table.strides[0]))
    parameters.fix(nil, .memory(output.memory))
    parameters.fix(nil, .elements(output.strides[0]))
    let text = isInteger ? nil : epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "gather_rows",
        macros: [
          "AHEAD": FetchAhead.next(device) ? "1" : "0", "WIDTH": "\(split.width)", "ELEMENT": table.element.openCL,
          "RESULT": output.element.openCL,
        ],
        regions: text?.regions("arguments", "rows", "vector", "scalar") ?? [:]))
    return PlannedLaunch(
      suffix.name(of: "gather_rows"), parameters.arguments, groups: split.groups, local: split.local,
      names: parameters.names)
  }
}

/// Plans the addition of rows to the rows of a table that indices name: the gradient of a gather.
package struct ScatterAdd {
  /// `[rows, columns]` floats, contiguous along the columns.
  let input: TensorView
  /// An int for each row of the input; one outside the table leaves its row out.
  let indices: MemoryRange
  /// `[tableRows, columns]` floats, contiguous along the columns, to which the rows are added.
  let table: TensorView

  package init(input: TensorView, indices: MemoryRange, table: TensorView) {
    self.input = input
    self.indices = indices
    self.table = table
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: `indices`.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    guard input.shape.count == 2, table.shape.count == 2, table.shape[1] == input.shape[1],
      input.strides[1] == 1 || input.shape[1] == 1, table.strides[1] == 1 || table.shape[1] == 1
    else { throw OpenCLError.launch(kernel: "scatter_add", "table and input do not fit each other.") }
    let (rows, columns) = (input.shape[0], input.shape[1])
    let width = device.style == .wide && columns >= 16 ? 16 : 1
    let local = device.style == .wide ? 1 : min(64, device.largestWorkGroup)
    let across = columns.divided(by: width).divided(by: local)
    // On processors no more shares than units: every share reads all indices.
    let wanted = device.style == .wide ? 2 * device.computeUnits : 8 * device.computeUnits
    let parts = max(1, min(wanted.divided(by: across), table.shape[0], 64))
    let suffix = try builder.add(KernelInstance(template: "scatter_add", macros: ["WIDTH": "\(width)"]))
    return PlannedLaunch(
      suffix.name(of: "scatter_add"),
      [
        .size(rows), .size(columns), .size(parts), .size(table.shape[0]), .memory(indices), .memory(input.memory),
        .elements(input.strides[0]), .memory(table.memory), .elements(table.strides[0]),
      ], groups: [across, parts], local: [local, 1], names: ["indices": 4])
  }
}
