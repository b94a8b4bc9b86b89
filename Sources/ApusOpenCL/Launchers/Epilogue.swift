import ApusExpression

/// A pointwise chain on what a kernel has computed, before it is written.
struct Epilogue {
  /// Over the computed element, input 0, and the further inputs 1, 2, ….
  let expression: Expression
  /// Inputs 1, 2, … of shape `[batch, rows, columns]`, broadcast by strides of 0, with a column stride of 0 or 1.
  let inputs: [TensorView]

  /// The regions that an epilogue fills in a template.
  struct Text {
    let arguments: String
    /// The rows of tiles that are read, to be fetched before they are.
    let fetches: String
    let rows: String
    let vector: String
    let scalar: String

    /// Those that a template has.
    func regions(_ names: String...) -> [String: String] {
      let all = ["arguments": arguments, "fetches": fetches, "rows": rows, "vector": vector, "scalar": scalar]
      return all.filter { names.contains($0.key) }
    }
  }

  /// Throws unless vectors of every input can be loaded.
  func validate(_ kernel: String) throws(OpenCLError) {
    guard inputs.allSatisfy({ $0.strides[2] == 0 || $0.strides[2] == 1 }) else {
      throw OpenCLError.launch(kernel: kernel, "an epilogue's input has a column stride other than 0 and 1.")
    }
  }

  /// Renders the chain, declaring its inputs and uniforms.
  ///
  /// The template provides `product`, `batch`, `row`, `column`, `c_row`, `LOAD` and `RANDOM`; where it has fetches, also
  /// `column0` and `FETCH_ROW`.
  ///
  /// - Parameter store: the macro that writes a vector.
  func text(_ parameters: inout ParameterList, store: String) -> Text {
    let used = expression.inputs.filter { $0 > 0 && $0 <= inputs.count }
    var rows: [String] = []
    var fetches: [String] = []
    for input in used {
      let view = inputs[input - 1]
      let name = "x\(input)"
      parameters.add(name, view.memory, view.element)
      var terms = [name, "\(name)_offset"]
      for (axis, index) in ["batch", "row"].enumerated() where view.strides[axis] != 0 {
        parameters.add("\(name)_\(index)_stride", .int(view.strides[axis]))
        terms.append("(long)\(index) * \(name)_\(index)_stride")
      }
      let place = terms.joined(separator: " + ")
      rows.append("__global const \(view.element.openCL) *\(name)_row = \(place);")
      if view.strides[1] != 0 && view.strides[2] == 1 { fetches.append("FETCH_ROW(\(place) + column0)") }
    }
    parameters.add(uniforms: Expression.uniformsUsed([expression]), isRandom: expression.isRandom)

    func body(isVector: Bool, indentation: Int) -> String {
      let type = isVector ? "REAL" : "float"
      var lines = used.map { input in
        let view = inputs[input - 1]
        let load = Access.load(
          "x\(input)_row", view.element, columnStride: view.strides[2], step: "0", isVector: isVector)
        return "const \(type) v\(input) = \(load);"
      }
      let names = OpenCLRendering.Names(type: type, input: { $0 == 0 ? "product" : "v\($0)" })
      let rendering = OpenCLRendering([expression], names)
      lines += rendering.statements
      let value = rendering.results[0]
      lines.append(isVector ? "\(store)(\(value), 0, c_row + column);" : "c_row[column] = \(value);")
      return lines.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
    }
    return Text(
      arguments: parameters.text, fetches: fetches.map { "    " + $0 }.joined(separator: "\n"),
      rows: rows.map { "      " + $0 }.joined(separator: "\n"),
      vector: body(isVector: true, indentation: 8), scalar: body(isVector: false, indentation: 10))
  }

  /// Whether the chain is cheap enough to be computed element by element.
  var isCheap: Bool { !expression.isRandom && !expression.hasCostlyFunction }
}
