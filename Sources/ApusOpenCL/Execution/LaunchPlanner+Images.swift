import ApusCompiler
import ApusExpression
import ApusGraph

extension LaunchPlanner {
  /// The images, channels and pixels of a convolution's result.
  private func extents(_ kernel: ConvolutionKernel) -> [Int] {
    let shape = kernel.resultShape
    return [shape[0], shape[1], shape[2] * shape[3]]
  }

  /// Whether the epilogue loads pixels far apart, so that it runs by itself.
  private func isEpilogueSeparate(_ kernel: ConvolutionKernel) -> Bool {
    kernel.extras.contains { $0.pixelStride > 1 && extents(kernel)[2] > 1 }
  }

  private func extras(_ kernel: ConvolutionKernel, _ instruction: Instruction) -> [TensorView] {
    zip(instruction.inputs.dropFirst(2), kernel.extras).map { slice, extra in
      let pixelStride = extents(kernel)[2] > 1 ? extra.pixelStride : 0
      return view(slice, extents(kernel), [extra.imageStride, extra.channelStride, pixelStride])
    }
  }

  func product(_ kernel: ConvolutionKernel, _ instruction: Instruction) -> ConvolutionProduct {
    let isWhole = !isEpilogueSeparate(kernel)
    return ConvolutionProduct(
      kernel.pass, kernel.shape, operands: (memory(instruction.inputs[0]), memory(instruction.inputs[1])),
      output: memory(instruction.outputs[0]), epilogue: isWhole ? kernel.epilogue ?? .input(0) : .input(0),
      inputs: isWhole ? extras(kernel, instruction) : [], precision: kernel.precision(in: precision))
  }

  func convolutionScratchSize(_ kernel: ConvolutionKernel, _ instruction: Instruction) -> Int {
    let product = product(kernel, instruction)
    return product.scratchSize(product.bestVariant(for: device), device)
  }

  func convolution(
    _ kernel: ConvolutionKernel, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    var launches = try product(kernel, instruction).plan(device, scratch: scratch, &builder)
    if let epilogue = kernel.epilogue, isEpilogueSeparate(kernel) {
      let result = view(instruction.outputs[0], extents(kernel))
      let chain = Pointwise([epilogue], outputs: [result], inputs: [result] + extras(kernel, instruction))
      launches.append(try chain.plan(device, &builder))
    }
    return launches
  }

  func attentionScratchSize(_ shape: AttentionShape, _ instruction: Instruction, isGradient: Bool) -> Int {
    let heads = AttentionHeads(shape, packed: memory(instruction.inputs[0]))
    return heads.scratchSize(heads.bestVariant(for: device), isGradient: isGradient, device)
  }
}
