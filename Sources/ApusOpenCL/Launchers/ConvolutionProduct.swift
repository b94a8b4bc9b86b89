import ApusCompiler
import ApusExpression
import ApusGraph

/// Plans one of a convolution's three products, with a pointwise chain on the elements of the result.
package struct ConvolutionProduct {
  let pass: ConvolutionKernel.Pass
  let shape: ConvolutionShape
  /// Input and weights, output gradient and weights, or input and output gradient.
  let first: MemoryRange
  let second: MemoryRange
  let output: MemoryRange
  /// What is written; the weights' gradient has none.
  let epilogue: Epilogue
  /// What operands are rounded to.
  let precision: Precision

  /// - Parameters:
  ///   - operands: input and weights (forward), output gradient and weights (to the input), input and output gradient
  ///     (to the weights), without gaps.
  ///   - epilogue: what is written: an expression of the product, input 0, and further inputs.
  ///   - inputs: inputs 1, 2, … of the epilogue: floats of shape `[images, channels, pixels]` of the result, broadcast by
  ///     strides of 0, with a pixel stride of 0 or 1.
  ///   - precision: what operands are rounded to; all but float32 need one group and a device with tensor cores.
  package init(
    _ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, operands: (MemoryRange, MemoryRange),
    output: MemoryRange, epilogue: Expression = .input(0), inputs: [TensorView] = [], precision: Precision = .float32
  ) {
    self.precision = precision
    self.pass = pass
    self.shape = shape
    first = operands.0
    second = operands.1
    self.output = output
    self.epilogue = Epilogue(expression: epilogue, inputs: inputs)
  }

  /// How a product is computed.
  package enum Variant: Sendable, Hashable {
    /// For processors: tiles of vectors of pixels (of features, to the weights), over images copied into the cache.
    case wide
    /// For processors and windows of 3×3 or 5×5 that move by one: minimal filtering of tiles.
    case winograd
    /// For graphics processors: a matrix product of gathered operands in tiles of `tile`², the sums cut into slices.
    case tiled(tile: Int, splits: Int)
    /// For graphics processors, and windows of several taps: patches of images in local memory.
    case patch(PatchTile)
    /// The same to the weights, the pixels cut into slices.
    case patchWeights(PatchWeightTile, splits: Int)
    /// For tensor cores: the same as `tiled`, in the tiles of `matmul_tensor.cl`.
    case tensor(tile: Int, splits: Int)
    /// For graphics processors and few channels in a group: an element of the result for each work-item.
    case direct
  }

  /// The variant that suits a device and this shape by rule, where nothing was measured.
  package func ruledVariant(for device: OpenCLDevice) -> Variant {
    if precision != .float32 { return bestTensorVariant(device) }
    return switch device.style {
    case .wide: WinogradConvolution(pass, shape, device)?.isFaster == true ? .winograd : .wide
    case .tiled: bestTiledVariant(device)
    }
  }

  /// The memory that a variant needs beside the operands, in bytes.
  package func scratchSize(_ variant: Variant, _ device: OpenCLDevice) -> Int {
    switch variant {
    case .wide:
      pass == .weightGradient
        ? WideWeightConvolution(shape, device).scratchSize : WideConvolution(pass, shape, device).scratchSize
    case .winograd: WinogradConvolution(pass, shape, device)?.scratchSize ?? 0
    case .tiled(_, let splits), .tensor(_, let splits), .patchWeights(_, let splits):
      splits > 1 ? splits * shape.weightShape.count * 4 : 0
    case .patch, .direct: 0
    }
  }

  /// Adds the kernels to a program and plans their launches.
  ///
  /// Changing arguments, on each launch that writes the result: each uniform `n` of the epilogue as `uN`; `key0`, `key1`
  /// and `step`.
  ///
  /// - Parameters:
  ///   - variant: nil for the one that suits the device and shape, `bestVariant(for:)`.
  ///   - scratch: at least `scratchSize` bytes, free during the product.
  package func plan(
    _ device: OpenCLDevice, _ variant: Variant? = nil, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let variant = variant ?? bestVariant(for: device)
    try epilogue.validate("convolution")
    let needed = scratchSize(variant, device)
    guard needed <= scratch?.size ?? 0 else {
      throw OpenCLError.launch(kernel: "convolution", "it needs \(needed) bytes of scratch memory.")
    }
    let counts = [shape.inputShape.count, shape.outputShape.count, shape.weightShape.count]
    guard counts.allSatisfy({ $0 < 1 << 31 }) else {
      throw OpenCLError.launch(kernel: "convolution", "a tensor of \(counts.max() ?? 0) elements is too large.")
    }
    switch variant {
    case .wide: return try planWide(device, scratch: scratch, &builder)
    case .winograd: return try planWinograd(device, scratch: scratch, &builder)
    case .tiled(let tile, let splits):
      return try planTiled(device, tile: tile, splits: splits, scratch: scratch, &builder)
    case .tensor(let tile, let splits):
      return try planTensor(device, tile: tile, splits: splits, scratch: scratch, &builder)
    case .patch(let tile): return [try planPatch(device, tile, &builder)]
    case .patchWeights(let tile, let splits):
      return try planPatchWeights(device, tile, splits: splits, scratch: scratch, &builder)
    case .direct: return [try planDirect(device, &builder)]
    }
  }
}

extension ConvolutionShape {
  var groupChannels: Int { channels / groups }
  var groupFeatures: Int { features / groups }
  var taps: Int { window.taps }

  /// The macros by which kernels know the window.
  var macros: [String: String] { window.macros }
}

extension Window {
  var taps: Int { size[0] * size[1] }

  /// The macros by which kernels know the window.
  var macros: [String: String] {
    var macros: [String: String] = [:]
    for (axis, letter) in ["H", "W"].enumerated() {
      macros["KERNEL_\(letter)"] = "\(size[axis])"
      macros["STRIDE_\(letter)"] = "\(strides[axis])"
      macros["PAD_\(letter)"] = "\(padding[axis])"
      macros["DILATION_\(letter)"] = "\(dilation[axis])"
    }
    return macros
  }
}
