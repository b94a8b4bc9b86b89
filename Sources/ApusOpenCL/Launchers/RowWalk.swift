/// The text that turns one index over several dimensions into a place in each view.
struct RowWalk {
  private let sizes: [Int]
  private let index: String
  private let prefix: String
  private var lines: [String] = []

  /// - Parameters:
  ///   - sizes: of the dimensions that the index runs over, outermost first.
  ///   - index: the variable that holds the index.
  ///   - prefix: tells apart the names that two walks in one kernel declare.
  init(_ sizes: [Int], index: String = "row", prefix: String = "") {
    self.sizes = sizes
    self.index = index
    self.prefix = prefix
  }

  /// Declares the sizes that the index is taken apart by, and takes it apart.
  mutating func addSizes(_ parameters: inout ParameterList) {
    guard sizes.count > 1 else { return }
    for axis in 1..<sizes.count { parameters.add("\(prefix)size\(axis)", .uint(UInt32(clamping: sizes[axis]))) }
    var rest = index
    for axis in (1..<sizes.count).reversed() {
      lines.append("const uint \(prefix)i\(axis) = \(rest) % \(prefix)size\(axis);")
      lines.append("const uint \(prefix)rest\(axis) = \(rest) / \(prefix)size\(axis);")
      rest = "\(prefix)rest\(axis)"
    }
    lines.append("const uint \(prefix)i0 = \(rest);")
  }

  /// Declares a view's strides and points `NAME_SUFFIX` to the index's place, counted from `base`.
  mutating func add(
    _ name: String, _ element: ElementType, strides: [Int], isWritten: Bool = false, suffix: String = "row",
    base: String? = nil, _ parameters: inout ParameterList
  ) {
    var terms = [base ?? "\(name) + \(name)_offset"]
    for axis in sizes.indices where strides[axis] != 0 {
      parameters.add("\(name)_\(prefix)stride\(axis)", .int(strides[axis]))
      terms.append("(long)\(sizes.count > 1 ? "\(prefix)i\(axis)" : index) * \(name)_\(prefix)stride\(axis)")
    }
    let type = isWritten ? "__global \(element.openCL)" : "__global const \(element.openCL)"
    lines.append("\(type) *\(name)_\(suffix) = \(terms.joined(separator: " + "));")
  }

  /// The statements.
  func text(indentation: Int) -> String {
    lines.map { String(repeating: " ", count: indentation) + $0 }.joined(separator: "\n")
  }
}
