import ApusCompiler

/// Plans random shifts, mirror images and holes.
package struct ImageAugmentation {
  let kernel: AugmentationKernel
  let input: MemoryRange
  let output: MemoryRange

  package init(_ kernel: AugmentationKernel, input: MemoryRange, output: MemoryRange) {
    self.kernel = kernel
    self.input = input
    self.output = output
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// Changing arguments: `key0`, `key1` and `step`.
  package func plan(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    var parameters = ParameterList([
      .size(kernel.channels), .int(kernel.height), .int(kernel.width), .int(kernel.rule.padding),
      .int(kernel.rule.flips ? 1 : 0), .int(kernel.rule.cutout), .memory(input), .memory(output),
      .uint(kernel.rule.stream),
    ])
    for name in ["key0", "key1", "step"] { parameters.fix(name, .uint(0)) }
    let suffix = try builder.add(KernelInstance(template: "augmentation", macros: ["DRAW": "random_float"]))
    let local = device.style == .wide ? [1, 1, 1] : [min(32, device.largestWorkGroup), 1, 1]
    let groups =
      device.style == .wide
      ? [1, 1] : [kernel.width.divided(by: local[0]), (kernel.channels * kernel.height).divided(by: 4)]
    return PlannedLaunch(
      suffix.name(of: "augmentation"), parameters.arguments, groups: groups + [kernel.images], local: local,
      names: parameters.names)
  }
}
