import ApusCompiler
import ApusExpression

/// Plans reductions along the rows of a matrix with the chains over the same rows that need their results.
package struct RowChain {
  private let kernel: RowChainKernel
  /// Of the kernel's rows and columns, floats, ints or bytes.
  private let inputs: [TensorView]
  /// Floats: a value for each row, then rows of elements; elements may lie where an input of the same strides lies.
  private let outputs: [MemoryRange]

  package init(_ kernel: RowChainKernel, inputs: [TensorView], outputs: [MemoryRange]) {
    self.kernel = kernel
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: each uniform `n` that occurs as `uN`; `key0`, `key1` and `step` for random leaves.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    guard kernel.rows * kernel.columns < 1 << 31 else {
      throw OpenCLError.launch(
        kernel: "row_chain",
        "a tensor of \(kernel.rows * kernel.columns) elements is too large; use a smaller batch.")
    }
    let isVector = kernel.columns >= 16 && inputs.allSatisfy { $0.strides[1] == 0 || $0.strides[1] == 1 }
    let width = device.style == .wide && isVector ? 16 : 1
    let local: Int
    let rowsPerGroup: Int
    switch device.style {
    case .wide:
      local = 1
      let walks = kernel.passes.count + 1
      rowsPerGroup = RowSplit(device, rows: kernel.rows, work: walks * kernel.columns).rowsPerItem
    case .tiled:
      local = min(max(32, kernel.columns.roundedUpToPowerOfTwo), 256, device.largestWorkGroup)
      rowsPerGroup = 1
    }

    var parameters = ParameterList([.size(kernel.rows), .size(kernel.columns), .size(rowsPerGroup)])
    for (number, input) in inputs.enumerated() { parameters.add("x\(number)", input.memory, input.element) }
    for (number, output) in outputs.enumerated() { parameters.add("y\(number)", output, .float32, isWritten: true) }
    let rows = rowText(&parameters)
    let expressions = kernel.passes.flatMap { $0.reductions + $0.values } + kernel.elements
    parameters.add(uniforms: Expression.uniformsUsed(expressions), isRandom: Expression.isRandom(expressions))

    let suffix = try builder.add(
      KernelInstance(
        template: "row_chain", macros: ["LOCAL": "\(local)", "WIDTH": "\(width)"],
        regions: [
          "arguments": parameters.text, "rows": rows, "passes": passes(isVector: width > 1),
          "vector": width > 1 ? elements(isVector: true) : "", "scalar": elements(isVector: false),
        ]))
    return PlannedLaunch(
      suffix.name(of: "row_chain"), parameters.arguments, groups: [kernel.rows.divided(by: rowsPerGroup)],
      local: [local], names: parameters.names)
  }

  // MARK: Text

  /// Where the operands' and outputs' rows begin, and what is the same all along a row.
  private func rowText(_ parameters: inout ParameterList) -> String {
    var walk = RowWalk([kernel.rows])
    var lines: [String] = []
    for (number, input) in inputs.enumerated() {
      let name = "x\(number)"
      walk.add(name, input.element, strides: [input.strides[0]], &parameters)
      switch input.strides[1] {
      case 0: lines.append("const float v\(number) = (float)\(name)_row[0];")
      case 1: break
      default: parameters.add("\(name)_step", .int(input.strides[1]))
      }
    }
    for number in outputs.indices.dropFirst(kernel.storedValues.count) {
      lines.append("__global float *y\(number)_row = y\(number) + y\(number)_offset + (ulong)row * columns;")
    }
    return [walk.text(indentation: 4), RowChain.text(lines, indentation: 4)].joined(separator: "\n")
  }

  /// The walks that reduce, each with the values that follow from it.
  private func passes(isVector: Bool) -> String {
    var lines: [String] = []
    var known = 0
    for (number, pass) in kernel.passes.enumerated() {
      let isSum = pass.kind == .sum
      let initial = isSum ? "0.0f" : "(-INFINITY)"
      func combined(_ a: String, _ b: String) -> String { isSum ? "\(a) + \(b)" : "LARGEST(\(a), \(b))" }
      let totals = pass.reductions.indices.map { "r\(known + $0)" }
      if isVector {
        for total in totals { lines.append("REAL \(total)_lanes = (REAL)(\(initial));") }
        lines.append("EACH_VECTOR {")
        let (statements, values) = chain(pass.reductions, isVector: true)
        lines += statements.map { "  " + $0 }
        for (total, value) in zip(totals, values) {
          // LARGEST reads an operand more than once.
          lines.append("  const REAL \(total)_next = \(value);")
          lines.append("  \(total)_lanes = \(combined("\(total)_lanes", "\(total)_next"));")
        }
        lines.append("}")
      }
      for total in totals {
        lines.append("float \(total) = \(isVector ? "combine_lanes(\(total)_lanes, \(isSum ? 1 : 0))" : initial);")
      }
      lines.append("EACH_COLUMN {")
      let (statements, values) = chain(pass.reductions, isVector: false)
      lines += statements.map { "  " + $0 }
      for (total, value) in zip(totals, values) {
        lines.append("  const float \(total)_next = \(value);")
        lines.append("  \(total) = \(combined(total, "\(total)_next"));")
      }
      lines.append("}")
      for total in totals { lines.append("\(total) = combine_items(\(total), \(isSum ? 1 : 0), shared);") }
      known += totals.count
      let rendering = OpenCLRendering(pass.values, names(type: "float", prefix: "p\(number)_"))
      lines += rendering.statements
      for value in rendering.results {
        lines.append("const float r\(known) = \(value);")
        known += 1
      }
    }
    for (output, value) in kernel.storedValues.enumerated() {
      lines.append("if (item == 0) y\(output)[y\(output)_offset + row] = r\(value);")
    }
    return RowChain.text(lines, indentation: 4)
  }

  /// What is stored of the current column, or columns.
  private func elements(isVector: Bool) -> String {
    let (statements, values) = chain(kernel.elements, isVector: isVector)
    let stores = values.enumerated().map { index, value in
      let row = "y\(kernel.storedValues.count + index)_row"
      return isVector ? "STORE(\(value), 0, \(row) + column);" : "\(row)[column] = \(value);"
    }
    return RowChain.text(statements + stores, indentation: 6)
  }

  /// Loads and chains of the current column, or columns.
  private func chain(_ expressions: [Expression], isVector: Bool) -> (statements: [String], values: [String]) {
    let type = isVector ? "REAL" : "float"
    let loads = Expression.inputsUsed(expressions).filter { varies($0) }.map { input in
      let load = Access.load(
        "x\(input)_row", inputs[input].element, columnStride: inputs[input].strides[1], step: "x\(input)_step",
        isVector: isVector)
      return "const \(type) v\(input) = \(load);"
    }
    let rendering = OpenCLRendering(expressions, names(type: type))
    return (loads + rendering.statements, rendering.results)
  }

  /// Whether an input of an expression varies along a row.
  private func varies(_ input: Int) -> Bool { inputs.indices.contains(input) && inputs[input].strides[1] != 0 }

  private func names(type: String, prefix: String = "t") -> OpenCLRendering.Names {
    let varying = Set(inputs.indices.filter(varies))
    let count = inputs.count
    return OpenCLRendering.Names(
      type: type, prefix: prefix, input: { $0 < count ? "v\($0)" : "r\($0 - count)" },
      isScalar: { !varying.contains($0) })
  }

  private static func text(_ lines: [String], indentation: Int) -> String {
    lines.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
  }
}
