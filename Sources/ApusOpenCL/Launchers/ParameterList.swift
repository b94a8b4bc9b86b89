/// A kernel's parameters and what they are given, kept together so that text and values cannot part.
struct ParameterList {
  /// The parameters that a template does not declare itself, one a line, each opened by a comma.
  private(set) var declarations: [String] = []
  /// The arguments in order.
  private(set) var arguments: [KernelArgument]
  /// The position among the arguments of those that change from launch to launch.
  private(set) var names: [String: Int] = [:]

  /// - Parameter fixed: the arguments of the parameters that the template declares.
  init(_ fixed: [KernelArgument] = []) { arguments = fixed }

  /// The next argument of the parameters that the template declares; named where it changes from launch to launch.
  mutating func fix(_ name: String?, _ argument: KernelArgument) {
    if let name { names[name] = arguments.count }
    arguments.append(argument)
  }

  /// Memory that a kernel reads or writes; declares `name` and `name_offset`.
  mutating func add(_ name: String, _ memory: MemoryRange, _ element: ElementType, isWritten: Bool = false) {
    let type = isWritten ? "__global \(element.openCL)" : "__global const \(element.openCL)"
    declarations.append("    , \(type) *\(name), const ulong \(name)_offset")
    arguments.append(.memory(memory, stride: element.size))
  }

  /// A number.
  mutating func add(_ name: String, _ argument: KernelArgument, changes: Bool = false) {
    let type =
      switch argument {
      case .float: "float"
      case .uint: "uint"
      case .ulong: "ulong"
      case .int, .memory: "int"
      }
    declarations.append("    , const \(type) \(name)")
    if changes { names[name] = arguments.count }
    arguments.append(argument)
  }

  /// What expressions need besides their inputs: a float for each uniform and, for random leaves, the generator's
  /// key and the step.
  mutating func add(uniforms: [(index: Int, name: String)], isRandom: Bool) {
    for (_, name) in uniforms { add(name, .float(0), changes: true) }
    if isRandom {
      for name in ["key0", "key1", "step"] { add(name, .uint(0), changes: true) }
    }
  }

  /// The declarations as the text of a region.
  var text: String { declarations.joined(separator: "\n") }
}
