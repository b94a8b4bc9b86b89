import ApusGraph

/// Plans attention over queries, keys and values that lie side by side, and its gradient.
package struct AttentionHeads {
  let shape: AttentionShape
  /// `[B, T, 3, H, D]`.
  let packed: MemoryRange

  package init(_ shape: AttentionShape, packed: MemoryRange) {
    self.shape = shape
    self.packed = packed
  }

  /// How attention is computed.
  package enum Variant: Sendable, Hashable {
    /// For processors: a work-item for each pair of a sequence and a head.
    case wide
    /// For graphics processors: a work-group for each block of so many positions.
    case tiled(block: Int)
  }

  /// The largest block whose tiles fit into a work-group's local memory; the processors' variant where none does.
  package func bestVariant(for device: OpenCLDevice) -> Variant {
    guard device.style == .tiled, device.largestWorkGroup >= 256 else { return .wide }
    let limit = min(device.localMemory, 48 * 1024)
    // Four tiles of rows and two of weights, each row an odd number of vectors.
    let pitch = shape.width.divided(by: 4) | 1
    let block = [32, 16].first { 16 * $0 * (4 * pitch + 2 * ($0 / 4 | 1)) <= limit }
    return block.map { .tiled(block: $0) } ?? .wide
  }

  private var pairs: Int { shape.batch * shape.heads }
  /// The queries of a panel of the processors' variant.
  private var lanes: Int { 32 }

  /// Work-items over pairs, and those that share a pair.
  private func items(_ device: OpenCLDevice) -> [Int] {
    let across = max(1, min(pairs, 4 * device.computeUnits))
    return [across, max(1, min(shape.length.divided(by: lanes), (2 * device.computeUnits).divided(by: across)))]
  }

  /// In floats: arrays of all positions, three of a panel's queries, and scores of a panel.
  private func slotSize(isGradient: Bool) -> Int {
    let padded = shape.length.divided(by: lanes) * lanes
    let pitch = shape.width.divided(by: 16) * 16
    let (arrays, scores) = isGradient ? (6, 2) : (2, 1)
    return (arrays * padded * pitch + 3 * lanes * pitch + scores * padded * lanes).paddedToAlignment
  }

  /// The memory that a variant needs beside the operands, in bytes.
  package func scratchSize(_ variant: Variant, isGradient: Bool, _ device: OpenCLDevice) -> Int {
    switch variant {
    case .wide: items(device).reduce(1, *) * slotSize(isGradient: isGradient) * 4
    case .tiled: isGradient ? 2 * (pairs * shape.length).paddedToAlignment * 4 : 0
    }
  }

  private func instance(
    _ variant: Variant, isGradient: Bool, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> KernelSuffix {
    var macros = ["WIDTH": "\(shape.width)", "CAUSAL": shape.isCausal ? "1" : "0"]
    switch variant {
    case .wide:
      return try builder.add(KernelInstance(template: "attention_wide", macros: macros))
    case .tiled(let block):
      macros["BLOCK"] = "\(block)"
      let template = isGradient ? "attention_tiled_gradient" : "attention_tiled"
      return try builder.add(KernelInstance(template: template, macros: macros))
    }
  }

  private var scale: KernelArgument { .float(Float(shape.scale)) }

  private func check(
    _ variant: Variant, isGradient: Bool, _ device: OpenCLDevice, _ scratch: MemoryRange?
  ) throws(OpenCLError) {
    let needed = scratchSize(variant, isGradient: isGradient, device)
    guard needed <= scratch?.size ?? 0 else {
      throw OpenCLError.launch(kernel: "attention", "it needs \(needed) bytes of scratch memory.")
    }
  }

  /// Adds the kernel to a program and plans its launch.
  ///
  /// - Parameters:
  ///   - variant: nil for `bestVariant(for:)`.
  ///   - scratch: at least `scratchSize` bytes, free during the launch.
  package func plan(
    to output: MemoryRange, _ device: OpenCLDevice, _ variant: Variant? = nil, scratch: MemoryRange?,
    _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let variant = variant ?? bestVariant(for: device)
    try check(variant, isGradient: false, device, scratch)
    let suffix = try instance(variant, isGradient: false, &builder)
    switch variant {
    case .wide:
      return PlannedLaunch(
        suffix.name(of: "attention_wide"),
        [
          .size(pairs), .size(shape.length), .size(shape.heads), scale, .memory(packed), .memory(scratch ?? packed),
          .elements(slotSize(isGradient: false)), .memory(output),
        ], groups: items(device), local: [1, 1])
    case .tiled(let block):
      return PlannedLaunch(
        suffix.name(of: "attention_tiled"),
        [.size(shape.length), .size(shape.heads), scale, .memory(packed), .memory(output)],
        groups: [shape.length.divided(by: block), pairs], local: [16, 16])
    }
  }

  /// Adds the gradient's kernels to a program and plans their launches.
  ///
  /// - Parameters:
  ///   - result: the attention's.
  ///   - upstream: the result's gradient.
  ///   - output: `[B, T, 3, H, D]`.
  ///   - variant: nil for `bestVariant(for:)`.
  ///   - scratch: at least `scratchSize` bytes, free during the launches.
  package func planGradient(
    result: MemoryRange, upstream: MemoryRange, to output: MemoryRange, _ device: OpenCLDevice,
    _ variant: Variant? = nil, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let variant = variant ?? bestVariant(for: device)
    try check(variant, isGradient: true, device, scratch)
    guard let scratch else { throw OpenCLError.launch(kernel: "attention", "it has no scratch memory.") }
    let suffix = try instance(variant, isGradient: true, &builder)
    switch variant {
    case .wide:
      return [
        PlannedLaunch(
          suffix.name(of: "attention_wide_gradient"),
          [
            .size(pairs), .size(shape.length), .size(shape.heads), scale, .memory(packed), .memory(upstream),
            .memory(scratch), .elements(slotSize(isGradient: true)), .memory(output),
          ], groups: items(device), local: [1, 1])
      ]
    case .tiled(let block):
      let size = pairs * shape.length
      let sums = scratch.range(at: 0, size: size * 4)
      let means = scratch.range(at: size.paddedToAlignment * 4, size: size * 4)
      let groups = [shape.length.divided(by: block), pairs]
      let extents: [KernelArgument] = [.size(shape.length), .size(shape.heads), scale, .memory(packed)]
      let statistics: [KernelArgument] = [.memory(sums), .memory(means)]
      func launch(_ name: String, _ arguments: [KernelArgument]) -> PlannedLaunch {
        PlannedLaunch(suffix.name(of: name), extents + arguments, groups: groups, local: [16, 16])
      }
      return [
        launch("attention_tiled_statistics", [.memory(result), .memory(upstream)] + statistics),
        launch("attention_tiled_queries", [.memory(upstream)] + statistics + [.memory(output)]),
        launch("attention_tiled_keys", [.memory(upstream)] + statistics + [.memory(output)]),
      ]
    }
  }
}
