/// A kernel call as planned, before its program is built: which kernel, over how many work-items, on what.
package struct PlannedLaunch {
  /// The kernel's name in the program.
  package let kernel: String
  /// In the kernel's order.
  package let arguments: [KernelArgument]
  /// Work-items by dimension, multiples of `local`.
  package let global: [Int]
  /// The size of a work-group by dimension.
  package let local: [Int]
  /// The positions of the arguments that change from launch to launch, by name.
  package let names: [String: Int]

  /// Plans a call of `groups` work-groups of `local` work-items.
  init(_ kernel: String, _ arguments: [KernelArgument], groups: [Int], local: [Int], names: [String: Int] = [:]) {
    self.kernel = kernel
    self.arguments = arguments
    self.local = local
    self.names = names
    global = zip(groups, local).map { max($0, 1) * $1 }
  }

  /// Makes the call ready: a kernel object of its own with all arguments set.
  ///
  /// - Parameter purpose: what the call is for, which its times are reported under together with the kernel's name.
  /// - Throws: `launch` when the device cannot run work-groups of this size.
  package func bind(_ program: BuiltProgram, purpose: String? = nil) throws(OpenCLError) -> Launch {
    try Launch(self, program, purpose)
  }
}

extension [PlannedLaunch] {
  /// Makes calls ready, in order.
  package func bind(_ program: BuiltProgram) throws(OpenCLError) -> [Launch] {
    var launches: [Launch] = []
    for planned in self { launches.append(try planned.bind(program)) }
    return launches
  }
}

/// A kernel call that is ready to be enqueued, as often as wanted.
package final class Launch {
  /// The kernel's name without the number of its instance.
  package let name: String
  /// What its times are reported under.
  package let label: String

  let kernel: Kernel
  private let global: [Int]
  private let local: [Int]
  /// The first parameter of each argument.
  private let parameters: [Int]
  private let names: [String: Int]

  init(_ planned: PlannedLaunch, _ program: BuiltProgram, _ purpose: String?) throws(OpenCLError) {
    kernel = try Kernel(program, planned.kernel)
    let name = String(planned.kernel.prefix(upTo: planned.kernel.lastIndex(of: "_") ?? planned.kernel.endIndex))
    self.name = name
    label = purpose.map { "\($0), \(name)" } ?? name
    global = planned.global
    local = planned.local
    names = planned.names
    var parameters: [Int] = []
    var next = 0
    for argument in planned.arguments {
      parameters.append(next)
      try kernel.set(next, argument)
      next += argument.parameters
    }
    self.parameters = parameters
    let groupSize = local.reduce(1, *)
    guard groupSize <= kernel.largestWorkGroup else {
      throw OpenCLError.launch(
        kernel: name, "it needs work-groups of \(groupSize), and the device runs \(kernel.largestWorkGroup) at most.")
    }
  }

  /// Replaces one argument, counted as in the plan; nothing is sent when it is the same.
  package func set(_ argument: Int, to value: KernelArgument) throws(OpenCLError) {
    guard parameters.indices.contains(argument) else {
      throw OpenCLError.launch(kernel: name, "it has no argument \(argument).")
    }
    try kernel.set(parameters[argument], value)
  }

  /// Replaces the argument of a name; does nothing when the kernel has none of this name.
  package func set(_ name: String, to value: KernelArgument) throws(OpenCLError) {
    guard let argument = names[name] else { return }
    try set(argument, to: value)
  }

  func withSizes<Result>(
    _ body: (UInt32, UnsafePointer<Int>?, UnsafePointer<Int>?) -> Result
  ) -> Result {
    global.withUnsafeBufferPointer { global in
      local.withUnsafeBufferPointer { local in
        body(UInt32(global.count), global.baseAddress, local.baseAddress)
      }
    }
  }
}
