/// One instance of a `.cl` file: its macros and the text of its regions.
struct KernelInstance: Hashable {
  /// The file's name without `.cl`.
  let template: String
  /// The file's text, where it is not one of the embedded ones.
  var text: String?
  /// Macros that replace the file's defaults.
  var macros: [String: String] = [:]
  /// Text that replaces the file's regions.
  var regions: [String: String] = [:]
}

/// Gathers the kernels of one `cl_program`, each distinct instance once.
///
/// The source depends only on what was added in which order, so the same plan always gives the same program.
package struct ProgramBuilder {
  private var instances: [(instance: KernelInstance, template: KernelTemplate)] = []
  private var numbers: [KernelInstance: Int] = [:]

  package init() {}

  /// Adds an instance unless it is there already.
  ///
  /// - Returns: the suffix that its kernels' names get.
  /// - Throws: `launch` when there is no such file or region.
  mutating func add(_ instance: KernelInstance) throws(OpenCLError) -> KernelSuffix {
    if let number = numbers[instance] { return KernelSuffix(number: number) }
    let template =
      instance.text.map { KernelTemplate(name: instance.template, text: $0) }
      ?? KernelTemplate.embedded(instance.template)
    guard let template else {
      throw OpenCLError.launch(kernel: instance.template, "there is no kernel file of this name.")
    }
    for region in instance.regions.keys where !template.regions.contains(region) {
      throw OpenCLError.launch(kernel: instance.template, "its file has no region '\(region)'.")
    }
    let number = instances.count
    instances.append((instance, template))
    numbers[instance] = number
    return KernelSuffix(number: number)
  }

  /// The files that every program begins with.
  private static let preludes = ["arithmetic", "philox"]

  /// The whole program's source.
  package var source: String {
    var text = ""
    var kept: Set<String> = []
    for name in ProgramBuilder.preludes {
      guard let prelude = KernelTemplate.embedded(name) else { continue }
      text += prelude.text() + "\n"
      kept.formUnion(prelude.macros)
    }
    for (number, (instance, template)) in instances.enumerated() {
      let suffix = KernelSuffix(number: number)
      // Two instances of a file would otherwise define the same functions.
      var defined = Set(template.macros).subtracting(kept)
      text += "\n// \(template.name).cl\n"
      for kernel in template.functions {
        text += "#define \(kernel) \(suffix.name(of: kernel))\n"
        defined.insert(kernel)
      }
      for (macro, value) in instance.macros.sorted(by: { $0.key < $1.key }) {
        text += "#define \(macro) \(value)\n"
        defined.insert(macro)
      }
      text += template.text(regions: instance.regions)
      for macro in defined.sorted() { text += "#undef \(macro)\n" }
    }
    return text
  }

  /// Builds the program for a context's device.
  ///
  /// - Parameter cache: where compiled programs are kept; nil keeps none.
  package func build(_ context: OpenCLContext, cache: ProgramCache? = nil) throws(OpenCLError) -> BuiltProgram {
    try BuiltProgram(context, source: source, cache: cache)
  }
}

/// What is appended to the names of an instance's kernels.
struct KernelSuffix: Hashable {
  let number: Int
  func name(of kernel: String) -> String { "\(kernel)_\(number)" }
}
