import ApusExpression

extension MatrixProduct {
  /// The regions that an epilogue fills in the products' templates.
  struct EpilogueText {
    let arguments: String
    let rows: String
    let vector: String
    let scalar: String

    /// Those of `regions` that a template has.
    func regions(_ names: Set<String>) -> [String: String] {
      ["arguments": arguments, "rows": rows, "vector": vector, "scalar": scalar].filter { names.contains($0.key) }
    }
  }

  /// Renders the epilogue, declaring its inputs and uniforms.
  ///
  /// The templates provide `product`, `batch`, `row`, `column`, `c_row`, `LOAD` and `RANDOM`.
  func epilogueText(_ parameters: inout ParameterList, store: String) -> EpilogueText {
    let used = epilogue.inputs.filter { $0 > 0 && $0 <= inputs.count }
    var rows: [String] = []
    for input in used {
      let view = inputs[input - 1].batched(batch)
      let name = "x\(input)"
      parameters.add(name, view.memory, view.element)
      var terms = [name, "\(name)_offset"]
      if view.strides[0] != 0 {
        parameters.add("\(name)_batch_stride", .int(view.strides[0]))
        terms.append("(long)batch * \(name)_batch_stride")
      }
      if view.strides[1] != 0 {
        parameters.add("\(name)_row_stride", .int(view.strides[1]))
        terms.append("(long)row * \(name)_row_stride")
      }
      rows.append("__global const \(view.element.openCL) *\(name)_row = \(terms.joined(separator: " + "));")
    }
    parameters.add(uniforms: Expression.uniformsUsed([epilogue]), isRandom: epilogue.isRandom)

    func body(isVector: Bool, indentation: Int) -> String {
      let type = isVector ? "REAL" : "float"
      var lines = used.map { input in
        let view = inputs[input - 1].batched(batch)
        let load = Access.load(
          "x\(input)_row", view.element, columnStride: view.strides[2], step: "0", isVector: isVector)
        return "const \(type) v\(input) = \(load);"
      }
      let rendering = OpenCLRendering(
        [epilogue], OpenCLRendering.Names(type: type, input: { $0 == 0 ? "product" : "v\($0)" }))
      lines += rendering.statements
      let value = rendering.results[0]
      lines.append(isVector ? "\(store)(\(value), 0, c_row + column);" : "c_row[column] = \(value);")
      return lines.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
    }
    return EpilogueText(
      arguments: parameters.text, rows: rows.map { "      " + $0 }.joined(separator: "\n"),
      vector: body(isVector: true, indentation: 10), scalar: body(isVector: false, indentation: 12))
  }

  /// Whether the epilogue is cheap enough to be computed element by element.
  var hasCheapEpilogue: Bool {
    var isCheap = !epilogue.isRandom
    epilogue.visit { part in
      if case .unary(let function, _) = part.node {
        switch function {
        case .exp, .log, .tanh, .erf, .sin, .cos: isCheap = false
        case .negate, .sqrt, .abs, .floor: break
        }
      }
    }
    return isCheap
  }
}
