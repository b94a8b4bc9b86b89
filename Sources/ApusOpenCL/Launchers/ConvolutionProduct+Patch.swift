import ApusCompiler
import ApusGraph

extension ConvolutionProduct {
  /// The tiles that a convolution can be computed in by patches of images.
  func patchPlans(_ device: OpenCLDevice) -> [PatchPlan] {
    PatchTile.all.compactMap { PatchPlan(pass, shape, $0, device) }
  }

  /// The tile that takes the fewest instructions, where those of too few work-groups count as more.
  func bestPatchPlan(_ device: OpenCLDevice) -> (plan: PatchPlan, cost: Double)? {
    let defaults = TilingDefaults.of(device)
    return patchPlans(device)
      .map { ($0, defaults.cost(instructions: $0.instructions, groups: $0.grid.reduce(1, *), device)) }
      .min { $0.1 < $1.1 }
  }

  func planPatch(
    _ device: OpenCLDevice, _ tile: PatchTile, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard let plan = PatchPlan(pass, shape, tile, device) else {
      throw OpenCLError.launch(
        kernel: "convolution_patch", "a tile of \(tile.description) does not suit \(tuningKey) on this device.")
    }
    let isForward = pass == .forward
    let (image, result) = isForward ? (shape.input, shape.output) : (shape.output, shape.input)
    var macros = shape.macros
    macros["TRANSPOSED"] = isForward ? "0" : "1"
    macros["IMAGES"] = "\(tile.images)"
    macros["ROWS"] = "\(tile.rows)"
    macros["QUADS"] = "\(tile.columns / 4)"
    macros["ITEM"] = "\(tile.item)"
    macros["CHANNELS"] = "\(plan.channels)"
    var parameters = ParameterList([
      .size(isForward ? shape.groupChannels : shape.groupFeatures),
      .size(isForward ? shape.groupFeatures : shape.groupChannels), .size(shape.images), .size(shape.groups),
      .int(image[0]), .int(image[1]), .int(result[0]), .int(result[1]), .memory(second), .memory(first),
      .memory(output),
    ])
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "convolution_patch", macros: macros,
        regions: text.regions("arguments", "rows", "vector", "scalar")))
    return PlannedLaunch(
      suffix.name(of: "convolution_patch"), parameters.arguments, groups: plan.grid,
      local: [PatchTile.group, 1, 1], names: parameters.names)
  }
}

extension ConvolutionProduct {
  /// The tiles that the weights' gradient can be computed in by patches of images.
  func patchWeightPlans(_ device: OpenCLDevice) -> [PatchWeightPlan] {
    guard pass == .weightGradient else { return [] }
    return PatchWeightTile.all.compactMap { PatchWeightPlan(shape, $0, device) }
  }

  /// The tile that takes the fewest instructions, and its slices.
  func bestPatchWeightPlan(_ device: OpenCLDevice) -> (plan: PatchWeightPlan, splits: Int, cost: Double)? {
    let defaults = TilingDefaults.of(device)
    return patchWeightPlans(device)
      .map { plan in
        let splits = plan.ruledSplits(device)
        let groups = plan.grid.reduce(splits, *)
        return (plan, splits, defaults.cost(instructions: plan.instructions, groups: groups, device))
      }
      .min { $0.2 < $1.2 }
  }

  func planPatchWeights(
    _ device: OpenCLDevice, _ tile: PatchWeightTile, splits: Int, scratch: MemoryRange?,
    _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard pass == .weightGradient, let plan = PatchWeightPlan(shape, tile, device), splits <= plan.steps else {
      throw OpenCLError.launch(
        kernel: "convolution_patch_weights",
        "a tile of \(tile.description) in \(splits) slices does not suit \(tuningKey) on this device.")
    }
    let weights = shape.weightShape.count
    let result = splits > 1 ? scratch?.range(at: 0, size: splits * weights * 4) ?? output : output
    var macros = shape.macros
    macros["FEATURES"] = "\(tile.features)"
    macros["CHANNELS"] = "\(tile.channels)"
    macros["ROWS"] = "\(tile.rows)"
    macros["QUADS"] = "\(tile.columns / 4)"
    macros["ITEM_F"] = "\(plan.item.features)"
    macros["ITEM_C"] = "\(plan.item.channels)"
    let suffix = try builder.add(KernelInstance(template: "convolution_patch_weights", macros: macros))
    let launch = PlannedLaunch(
      suffix.name(of: "convolution_patch_weights"),
      [
        .size(shape.images), .size(shape.groupChannels), .size(shape.groupFeatures), .size(splits),
        .size(plan.steps.divided(by: splits)), .int(shape.input[0]), .int(shape.input[1]), .int(shape.output[0]),
        .int(shape.output[1]), .memory(second), .memory(first), .memory(result), .elements(weights),
      ],
      groups: [plan.grid[0], plan.grid[1], shape.groups * splits], local: [PatchTile.group, 1, 1])
    return [launch] + (try sumOfSlices(splits, result, device, &builder))
  }
}

extension PatchTile: LosslessStringConvertible {
  /// Images, rows, columns, and the features of a work-item, such as `1 16 32 8`.
  package var description: String { "\(images) \(rows) \(columns) \(item)" }

  package init?(_ description: String) {
    guard let tile = PatchTile.all.first(where: { $0.description == description }) else { return nil }
    self = tile
  }
}

extension PatchWeightTile: LosslessStringConvertible {
  /// Features, channels, rows and columns, such as `16 16 4 32`.
  package var description: String { "\(features) \(channels) \(rows) \(columns)" }

  package init?(_ description: String) {
    guard let tile = PatchWeightTile.all.first(where: { $0.description == description }) else { return nil }
    self = tile
  }
}
