import ApusCompiler
import ApusExpression
import ApusGraph

extension ConvolutionProduct {
  /// The extents of the matrix product that a group is.
  var product: (m: Int, n: Int, k: Int) {
    let pixels = shape.images * shape.output[0] * shape.output[1]
    return switch pass {
    case .forward: (shape.groupFeatures, pixels, shape.groupChannels * shape.taps)
    case .inputGradient:
      (shape.groupChannels, shape.images * shape.input[0] * shape.input[1], shape.groupFeatures * shape.taps)
    case .weightGradient: (shape.groupFeatures, shape.groupChannels * shape.taps, pixels)
    }
  }

  func bestTiledVariant(_ device: OpenCLDevice) -> Variant {
    let (m, n, k) = product
    // Tiles would be nearly empty.
    if shape.groups > 1 && m <= 4 { return .direct }
    let defaults = TilingDefaults.of(device)
    guard let tile = defaults.tile(m, n, count: shape.groups, device) else { return .wide }
    let splits =
      pass == .weightGradient
      ? defaults.splits(m, n, k, tile: tile, count: shape.groups, device, most: 64) : 1
    let tiled = Variant.tiled(tile: tile, splits: splits)
    let groups = m.divided(by: tile) * n.divided(by: tile) * shape.groups * splits
    let cost = defaults.cost(instructions: tiledInstructions(tile), groups: groups, device)
    if let best = bestPatchPlan(device), best.cost < cost { return .patch(best.plan.tile) }
    if let best = bestPatchWeightPlan(device), best.cost < cost {
      return .patchWeights(best.plan.tile, splits: best.splits)
    }
    return tiled
  }

  /// The instructions of all work-items of `convolution_tiled.cl`, as they were counted in the machine code for NVIDIA's
  /// GPUs: beside multiply-adds and loads from local memory, 140 for each step, to the weights 260.
  private func tiledInstructions(_ tile: Int) -> Double {
    let (m, n, k) = product
    let (item, step) = (tile / 16, 1024 / tile)
    let instructions = step * (item * item + 2 * item.divided(by: 4)) + (pass == .weightGradient ? 260 : 140)
    return Double(m.divided(by: tile) * n.divided(by: tile) * shape.groups * 256)
      * Double(k.divided(by: step) * instructions)
  }

  func planTiled(
    _ device: OpenCLDevice, tile: Int, splits: Int, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard splits == 1 || pass == .weightGradient else {
      throw OpenCLError.launch(kernel: "convolution_tiled", "only the weights' gradient is cut into slices.")
    }
    let (m, n, k) = product
    guard max(n, k) < 1 << 31 else {
      throw OpenCLError.launch(kernel: "convolution_tiled", "\(max(n, k)) pixels are too many; use a smaller batch.")
    }
    let step = 1024 / tile
    let kSlice = k.divided(by: splits).divided(by: step) * step
    let weights = shape.weightShape.count
    let result = splits > 1 ? scratch?.range(at: 0, size: splits * weights * 4) ?? output : output
    var macros = shape.macros
    macros["TILE"] = "\(tile)"
    macros["PASS"] = pass == .forward ? "0" : pass == .inputGradient ? "1" : "2"
    var parameters = ParameterList([
      .size(shape.images), .size(shape.groupChannels), .size(shape.groupFeatures), .size(shape.groups),
      .size(splits), .size(kSlice), .int(shape.input[0]), .int(shape.input[1]), .int(shape.output[0]),
      .int(shape.output[1]), .memory(second), .memory(first), .memory(result), .elements(weights),
    ])
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "convolution_tiled", macros: macros,
        regions: text.regions("arguments", "rows", "vector", "scalar")))
    let launch = PlannedLaunch(
      suffix.name(of: "convolution_tiled"), parameters.arguments,
      groups: [n.divided(by: tile), m.divided(by: tile), shape.groups * splits], local: [16, 16, 1],
      names: parameters.names)
    return [launch] + (try sumOfSlices(splits, result, device, &builder))
  }

  /// The second pass over the weights' gradient: the slices' sums are added in their order.
  func sumOfSlices(
    _ splits: Int, _ sums: MemoryRange, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard splits > 1 else { return [] }
    let sum = Reduction(
      .sum, inputs: [TensorView(sums, shape: [splits, shape.weightShape.count])], axes: [0], output: output)
    return [try sum.planInOneLaunch(device, &builder)]
  }

  func planDirect(_ device: OpenCLDevice, _ builder: inout ProgramBuilder) throws(OpenCLError) -> PlannedLaunch {
    var macros = shape.macros
    let sizes: [KernelArgument] = [
      .size(shape.groups), .size(shape.groupChannels), .size(shape.groupFeatures), .int(shape.input[0]),
      .int(shape.input[1]), .int(shape.output[0]), .int(shape.output[1]), .memory(first), .memory(second),
      .memory(output),
    ]
    if pass == .weightGradient {
      let pixels = shape.output[0] * shape.output[1]
      let local = min(pixels.roundedUpToPowerOfTwo, 256, device.largestWorkGroup)
      macros["LOCAL"] = "\(local)"
      let suffix = try builder.add(KernelInstance(template: "convolution_direct", macros: macros))
      return PlannedLaunch(
        suffix.name(of: "convolution_direct_weights"), [.size(shape.images)] + sizes,
        groups: [shape.weightShape.count], local: [local])
    }
    macros["TRANSPOSED"] = pass == .forward ? "0" : "1"
    var parameters = ParameterList(sizes)
    let text = epilogue.text(&parameters, store: "")
    let suffix = try builder.add(
      KernelInstance(
        template: "convolution_direct", macros: macros, regions: text.regions("arguments", "rows", "scalar")))
    let result = pass == .forward ? shape.output : shape.input
    let channels = pass == .forward ? shape.features : shape.channels
    let local = min(64, device.largestWorkGroup)
    return PlannedLaunch(
      suffix.name(of: "convolution_direct"), parameters.arguments,
      groups: [(result[0] * result[1]).divided(by: local), channels, shape.images], local: [local, 1, 1],
      names: parameters.names)
  }
}
