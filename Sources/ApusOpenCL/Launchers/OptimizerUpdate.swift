import ApusExpression
import ApusOptimizers

/// Plans an optimizer's update of a whole parameter arena.
///
/// The kernels of the optimizers that come with Apus are `Kernels/Updates/NAME.cl`; those of others are rendered from
/// their formula when they are first planned.
package struct OptimizerUpdate {
  /// The arenas of one layout: parameters, gradients, and the state in the order of `stateNames`.
  let parameters: MemoryRange
  let gradients: MemoryRange
  let state: [MemoryRange]
  /// One float that every gradient is multiplied by.
  let gradientScale: MemoryRange
  /// The elements of each arena.
  let count: Int

  package init(
    parameters: MemoryRange, gradients: MemoryRange, state: [MemoryRange], gradientScale: MemoryRange, count: Int
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.state = state
    self.gradientScale = gradientScale
    self.count = count
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: the uniforms that occur, by their names (see `OptimizerUpdate.set`).
  package func plan<O: Optimizer>(
    _ optimizer: O.Type, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard state.count == O.stateNames.count else {
      throw OpenCLError.launch(kernel: O.name, "it has \(O.stateNames.count) state values, not \(state.count).")
    }
    let width = device.style == .wide ? 16 : 4
    let ahead = FetchAhead.elements(device, byteCount: 4 * count * (2 + state.count))
    let file = "Updates/\(O.name)"
    let rendered = UpdateRendering(optimizer)
    let instance = KernelInstance(
      template: file, text: KernelTemplate.embedded(file) == nil ? KernelTemplate.included(rendered.file) : nil,
      macros: ["WIDTH": "\(width)", "AHEAD": "\(ahead)"])
    let suffix = try builder.add(instance)

    let elementsPerItem: Int
    let local: Int
    switch device.style {
    case .wide:
      let items = WorkSplit.itemsPerUnit * device.computeUnits
      elementsPerItem = max(1024, count.divided(by: items).divided(by: 64) * 64)
      local = 1
    case .tiled:
      elementsPerItem = width
      local = min(256, device.largestWorkGroup)
    }
    var parameterList = ParameterList([
      .ulong(UInt64(count)), .ulong(UInt64(elementsPerItem)), .memory(parameters), .memory(gradients),
      .memory(gradientScale),
    ])
    rendered.declare(&parameterList, state: state)
    return PlannedLaunch(
      suffix.name(of: rendered.kernel), parameterList.arguments,
      groups: [count.divided(by: elementsPerItem).divided(by: local)], local: [local], names: parameterList.names)
  }

  /// Gives an update's launch the scalars of a step.
  package static func set(_ launch: Launch, _ uniforms: Uniforms<Double>) throws(OpenCLError) {
    for (name, value) in zip(Uniforms<Double>.names, uniforms.values) {
      try launch.set(name, to: .float(Float(value)))
    }
  }
}

/// An optimizer's formula as the text of a kernel file.
package struct UpdateRendering {
  /// The kernel's name.
  package let kernel: String

  private let name: String
  private let source: String
  private let stateNames: [String]
  private let uniforms: [String]
  private let fetches: [String]
  private let statements: [String]

  /// Reads the formula of an optimizer.
  package init<O: Optimizer>(_ optimizer: O.Type) {
    name = O.name
    kernel = String(O.name.map { $0.isLetter || $0.isNumber ? $0 : "_" }) + "_update"
    source = O.source
    stateNames = O.stateNames

    var slots = Slots<Expression>(
      parameter: .input(0), gradient: .input(1), state0: .input(2), state1: .input(3), state2: .input(4))
    O.update(&slots, Uniforms<Expression> { .uniform($0) })
    let results = Array([slots.state0, slots.state1, slots.state2].prefix(O.stateNames.count)) + [slots.parameter]

    uniforms = Expression.uniformsUsed(results).map { Uniforms<Double>.names[$0.index] }
    let inputs = ["parameter", "gradient"] + O.stateNames
    let rendering = OpenCLRendering(
      results,
      OpenCLRendering.Names(
        type: "REAL", input: { inputs.indices.contains($0) ? inputs[$0] : "0" },
        uniform: { Uniforms<Double>.names[$0] }))
    let arenas = O.stateNames.map(UpdateRendering.arena)
    fetches = arenas.map { "FETCH(\($0) + \($0)_offset + i + AHEAD);" }
    statements =
      zip(O.stateNames, arenas).map { "const REAL \($0) = load_lanes(\($1) + \($1)_offset + i, lanes);" }
      + rendering.statements
      + zip(rendering.results, arenas + ["parameters"]).map { "store_lanes(\($0), \($1) + \($1)_offset + i, lanes);" }
  }

  private static func arena(_ state: String) -> String { "\(state)s" }

  /// Declares what the template does not, and gives it to the kernel.
  func declare(_ parameters: inout ParameterList, state: [MemoryRange]) {
    for (name, memory) in zip(stateNames, state) {
      parameters.add(UpdateRendering.arena(name), memory, .float32, isWritten: true)
    }
    for name in uniforms { parameters.add(name, .float(0), changes: true) }
  }

  /// The kernel file: `Kernels/Updates/NAME.cl`.
  package var file: String {
    guard let template = KernelTemplate.unexpanded("update") else { return "" }
    let arguments =
      stateNames.map {
        "    , __global float *\(UpdateRendering.arena($0)), const ulong \(UpdateRendering.arena($0))_offset"
      } + uniforms.map { "    , const float \($0)" }
    return template.text(regions: [
      "summary": """
      // The update of the optimizer `\(name)`, rendered from its formula in Sources/ApusOptimizers.
      // Source: \(source).
      """,
      "signature": "__kernel void \(kernel)(",
      "arguments": arguments.joined(separator: "\n"),
      "fetches": fetches.map { "    " + $0 }.joined(separator: "\n"),
      "formula": statements.map { "    " + $0 }.joined(separator: "\n"),
    ])
  }
}
