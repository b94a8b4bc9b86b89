import ApusExpression

/// Plans pointwise chains over strided views.
package struct Pointwise {
  /// One expression for each output, over the elements of the inputs.
  let expressions: [Expression]
  let outputs: [TensorView]
  let inputs: [TensorView]

  /// - Parameters:
  ///   - expressions: one for each output; input `n` is the nth of `inputs`.
  ///   - outputs: floats, all of one shape; an output may lie where an input of the same strides lies.
  ///   - inputs: floats, ints or bytes, of the outputs' shape, with stride 0 where they are broadcast.
  package init(_ expressions: [Expression], outputs: [TensorView], inputs: [TensorView]) {
    self.expressions = expressions
    self.outputs = outputs
    self.inputs = inputs
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: each uniform `n` that occurs as `uN`; `key0`, `key1` and `step` for random leaves.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    let shape = outputs[0].shape
    let used = Expression.inputsUsed(expressions)
    guard outputs.count == expressions.count, outputs.allSatisfy({ $0.shape == shape && $0.element == .float32 }),
      used.allSatisfy({ inputs.indices.contains($0) && inputs[$0].shape == shape })
    else { throw OpenCLError.launch(kernel: "pointwise", "its views have different shapes.") }
    let total = outputs[0].count
    guard total < 1 << 31 else {
      throw OpenCLError.launch(kernel: "pointwise", "a tensor of \(total) elements is too large; use a smaller batch.")
    }

    let views = outputs + used.map { inputs[$0] }
    let names = outputs.indices.map { "y\($0)" } + used.map { "x\($0)" }
    let walk = CollapsedShape(shape, views.map(\.strides))
    let isVector = walk.strides.allSatisfy { $0[$0.count - 1] == 0 || $0[$0.count - 1] == 1 }
    let split = WorkSplit(device, rows: walk.rows, columns: walk.columns, isVector: isVector)

    var parameters = ParameterList(split.arguments)
    var rows = RowWalk(Array(walk.outer))
    for (number, view) in views.enumerated() {
      parameters.add(names[number], view.memory, view.element, isWritten: number < outputs.count)
    }
    rows.addSizes(&parameters)
    for (number, view) in views.enumerated() {
      rows.add(
        names[number], view.element, strides: Array(walk.strides[number].dropLast()),
        isWritten: number < outputs.count, &parameters)
    }
    var columnStrides: [String: Int] = [:]
    for (number, name) in names.enumerated() {
      let stride = walk.strides[number][walk.strides[number].count - 1]
      columnStrides[name] = stride
      if stride != 0 && stride != 1 { parameters.add("\(name)_step", .int(stride)) }
    }
    parameters.add(uniforms: Expression.uniformsUsed(expressions), isRandom: Expression.isRandom(expressions))

    // Not what is read again in every row.
    let streams = names.indices.filter { walk.strides[$0].last == 1 && !walk.strides[$0].dropLast().contains(0) }
    let ahead = FetchAhead.elements(
      device, byteCount: streams.reduce(0) { $0 + views[$1].count * views[$1].element.size })
    let fetches = streams.map { "      FETCH(\(names[$0])_row + column + AHEAD);" }.joined(separator: "\n")
    let suffix = try builder.add(
      KernelInstance(
        template: "pointwise", macros: ["WIDTH": "\(split.width)", "AHEAD": "\(ahead)"],
        regions: [
          "arguments": parameters.text,
          "rows": rows.text(indentation: 4),
          "fetches": fetches,
          "vector": split.width > 1 ? body(used, columnStrides, width: split.width) : "",
          "scalar": body(used, columnStrides, width: 1),
        ]))
    return PlannedLaunch(
      suffix.name(of: "pointwise"), parameters.arguments, groups: split.groups, local: split.local,
      names: parameters.names)
  }

  /// Loads, the chain, stores.
  private func body(_ used: [Int], _ columnStrides: [String: Int], width: Int) -> String {
    let isVector = width > 1
    let type = isVector ? "REAL" : "float"
    var lines: [String] = []
    for input in used {
      let load = Access.load(
        "x\(input)_row", inputs[input].element, columnStride: columnStrides["x\(input)"] ?? 1,
        step: "x\(input)_step", isVector: isVector)
      lines.append("const \(type) v\(input) = \(load);")
    }
    let rendering = OpenCLRendering(expressions, OpenCLRendering.Names(type: type, input: { "v\($0)" }))
    lines += rendering.statements
    for (output, value) in rendering.results.enumerated() {
      let stride = columnStrides["y\(output)"] ?? 1
      if isVector && stride == 1 {
        lines.append("STORE(\(value), 0, y\(output)_row + column);")
      } else {
        let place = stride == 1 ? "column" : stride == 0 ? "0" : "(long)column * y\(output)_step"
        lines.append("y\(output)_row[\(place)] = \(value);")
      }
    }
    return lines.map { "      " + $0 }.joined(separator: "\n")
  }
}

/// How elements are read in a kernel's text.
enum Access {
  /// A load of the current column, or columns, of a row.
  static func load(
    _ row: String, _ element: ElementType, columnStride: Int, step: String, isVector: Bool
  ) -> String {
    if isVector && columnStride == 1 {
      let load = "LOAD(0, \(row) + column)"
      return element == .float32 ? load : "INTEGER_TO_REAL(\(load))"
    }
    let place = columnStride == 1 ? "column" : columnStride == 0 ? "0" : "(long)column * \(step)"
    return "(\(isVector ? "REAL" : "float"))(\(row)[\(place)])"
  }
}

extension Expression {
  /// The inputs that occur in any of several expressions, ascending.
  static func inputsUsed(_ expressions: [Expression]) -> [Int] {
    Set(expressions.flatMap(\.inputs)).sorted()
  }

  /// The uniforms that occur in any of several expressions, ascending, with the names that rendering gives them.
  static func uniformsUsed(_ expressions: [Expression]) -> [(index: Int, name: String)] {
    var found: Set<Int> = []
    for expression in expressions {
      expression.visit { if case .uniform(let index) = $0.node { found.insert(index) } }
    }
    return found.sorted().map { ($0, "u\($0)") }
  }

  /// Whether any of several expressions draws random numbers.
  static func isRandom(_ expressions: [Expression]) -> Bool { expressions.contains(where: \.isRandom) }
}
