import ApusCompiler

extension ConvolutionProduct {
  func bestTensorVariant(_ device: OpenCLDevice) -> Variant {
    let (m, n, k) = product
    let defaults = TilingDefaults.of(device)
    let tile = defaults.tensorTile(m, n, count: 1, device)
    guard pass == .weightGradient else { return .tensor(tile: tile, splits: 1) }
    return .tensor(tile: tile, splits: defaults.splits(m, n, k, tile: tile, count: 1, device, most: 64))
  }

  func planTensor(
    _ device: OpenCLDevice, tile: Int, splits: Int, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard precision != .float32, device.tensorCores != .absent, shape.groups == 1 else {
      throw OpenCLError.launch(
        kernel: "convolution_tensor", "there are no tensor cores for \(shape.groups) groups in \(precision.rawValue).")
    }
    guard splits == 1 || pass == .weightGradient else {
      throw OpenCLError.launch(kernel: "convolution_tensor", "only the weights' gradient is cut into slices.")
    }
    let (m, n, k) = product
    guard max(n, k) < 1 << 31 else {
      throw OpenCLError.launch(kernel: "convolution_tensor", "\(max(n, k)) pixels are too many; use a smaller batch.")
    }
    let step = precision == .bf16 ? 32 : 16
    let kSlice = k.divided(by: splits).divided(by: step) * step
    let weights = shape.weightShape.count
    let result = splits > 1 ? scratch?.range(at: 0, size: splits * weights * 4) ?? output : output
    var macros = shape.macros
    macros["TILE"] = "\(tile)"
    macros["PASS"] = pass == .forward ? "0" : pass == .inputGradient ? "1" : "2"
    macros["BF16"] = precision == .bf16 ? "1" : "0"
    macros["EMULATE_MMA"] = device.tensorCores == .emulated ? "1" : "0"
    var parameters = ParameterList([
      .size(shape.images), .size(shape.channels), .size(shape.features), .size(kSlice), .int(shape.input[0]),
      .int(shape.input[1]), .int(shape.output[0]), .int(shape.output[1]), .memory(second), .memory(first),
      .memory(result), .elements(weights),
    ])
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "convolution_tensor", macros: macros,
        regions: text.regions("arguments", "rows", "vector", "scalar")))
    let launch = PlannedLaunch(
      suffix.name(of: "convolution_tensor"), parameters.arguments,
      groups: [n.divided(by: tile), m.divided(by: tile), splits], local: [2 * tile, 1, 1], names: parameters.names)
    return [launch] + (try sumOfSlices(splits, result, device, &builder))
  }
}
