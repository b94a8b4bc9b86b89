/// The text that finds where a row of each view begins.
struct RowWalk {
  private let outer: [Int]
  private var lines: [String] = []

  /// - Parameter outer: the sizes of all dimensions but the last.
  init(outer: [Int]) { self.outer = outer }

  /// Declares the sizes that a row's number is taken apart by, and takes it apart.
  mutating func addSizes(_ parameters: inout ParameterList) {
    guard outer.count > 1 else { return }
    for axis in 1..<outer.count { parameters.add("size\(axis)", .uint(UInt32(clamping: outer[axis]))) }
    var rest = "row"
    for axis in (1..<outer.count).reversed() {
      lines.append("const uint i\(axis) = \(rest) % size\(axis);")
      lines.append("const uint rest\(axis) = \(rest) / size\(axis);")
      rest = "rest\(axis)"
    }
    lines.append("const uint i0 = \(rest);")
  }

  /// Declares a view's outer strides and points `NAME_row` to the row's first element.
  mutating func add(
    _ name: String, _ element: ElementType, outer strides: [Int], isWritten: Bool, _ parameters: inout ParameterList
  ) {
    var terms: [String] = []
    for axis in outer.indices where strides[axis] != 0 {
      parameters.add("\(name)_stride\(axis)", .int(strides[axis]))
      terms.append("(long)\(outer.count > 1 ? "i\(axis)" : "row") * \(name)_stride\(axis)")
    }
    let type = isWritten ? "__global \(element.openCL)" : "__global const \(element.openCL)"
    let sum = ([name, "\(name)_offset"] + terms).joined(separator: " + ")
    lines.append("\(type) *\(name)_row = \(sum);")
  }

  /// The statements.
  func text(indentation: Int) -> String {
    lines.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
  }
}
