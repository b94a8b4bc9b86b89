/// Plans multiply-adds that stay in registers, by which a device's arithmetic is measured.
package struct MultiplyAdds {
  /// The floats of a vector.
  package let width: Int
  private let groups: Int
  private let local: Int

  /// The vectors of a work-item, as `multiply_add.cl` has them.
  package static let vectors = 12

  /// Multiply-adds on each vector in one launch: so many that the launch itself takes no time beside them, on a processor of a
  /// few cores either.
  private let repetitions: Int

  /// Deals the work out so that every unit of the device has several work-items.
  ///
  /// - Parameter style: how the kernel is written; the device's own by default.
  package init(_ device: OpenCLDevice, style: OpenCLDevice.Style? = nil) {
    switch style ?? device.style {
    case .wide: (repetitions, width, groups, local) = (32_768, 16, 4 * device.computeUnits, 1)
    case .tiled:
      (repetitions, width, groups, local) = (4096, 1, 16 * device.computeUnits, min(256, device.largestWorkGroup))
    }
  }

  /// The number of work-items, each of which has a float in memory.
  package var items: Int { groups * local }

  /// Additions and multiplications of one launch.
  package var operations: Double { 2 * Double(repetitions * MultiplyAdds.vectors * width) * Double(items) }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// - Parameter memory: a float for each work-item; ends as the sum of its vectors' elements.
  package func plan(_ memory: MemoryRange, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    let suffix = try builder.add(KernelInstance(template: "multiply_add", macros: ["WIDTH": "\(width)"]))
    return PlannedLaunch(
      suffix.name(of: "multiply_add"), [.uint(UInt32(repetitions)), .memory(memory)],
      groups: [groups], local: [local])
  }
}
