import ApusCPUKernels
import ApusCompiler
import ApusExpression
import ApusOptimizers

/// An instruction with its addresses, geometry and code worked out.
protocol Launch: AnyObject {
  /// Computes one step's results.
  func run(_ arguments: StepArguments)
}

/// What launches are made from: the device's kernels and threads, and one instruction's operands.
struct LaunchContext {
  let kernels: KernelTable
  let convolutionMethod: ConvolutionMethod
  let workers: Workers
  let label: String
  let inputs: [OperandAddress]
  let outputs: [OperandAddress]

  /// The same for a launch that is part of this one.
  func with(inputs: [OperandAddress], outputs: [OperandAddress]) -> LaunchContext {
    LaunchContext(
      kernels: kernels, convolutionMethod: convolutionMethod, workers: workers, label: label, inputs: inputs,
      outputs: outputs)
  }

  func input(_ index: Int) throws(DeviceError) -> OperandAddress {
    guard inputs.indices.contains(index) else { throw DeviceError("\(label): the program names no input \(index)") }
    return inputs[index]
  }

  func output(_ index: Int) throws(DeviceError) -> OperandAddress {
    guard outputs.indices.contains(index) else { throw DeviceError("\(label): the program names no output \(index)") }
    return outputs[index]
  }

  /// An output of a kernel that computes floats, the first by default.
  func floatOutput(_ index: Int = 0) throws(DeviceError) -> OperandAddress {
    let output = try output(index)
    guard output.slice.elementType == .float32 else {
      throw DeviceError("\(label): computes float32, but its output holds \(output.slice.elementType.rawValue)")
    }
    return output
  }
}

extension LaunchContext {
  /// Readies one instruction.
  func launch(_ kernel: Kernel) throws(DeviceError) -> any Launch {
    switch kernel {
    case .pointwise(let kernel):
      if let copy = try CopyLaunch(kernel, self) { return copy }
      return try ChainLaunch(kernel, self)
    case .matrixProduct(let kernel): return try MatrixLaunch(kernel, self)
    case .reduction(let kernel): return try ReductionLaunch(kernel, self)
    case .rowChain(let kernel): return try RowChainLaunch(kernel, self)
    case .argmax(let rows): return try RowLaunch(rows, self, kernels.chains.argmax)
    case .softmax(let rows): return try RowLaunch(rows, self, kernels.chains.softmax)
    case .logSumExp(let rows): return try RowLaunch(rows, self, kernels.chains.logSumExp)
    case .softmaxCrossEntropy(let kernel): return try CrossEntropyLaunch(kernel, self)
    case .gather(let kernel):
      if let epilogue = kernel.epilogue { return try ChainLaunch(kernel, epilogue, self) }
      return try GatherLaunch(kernel, self)
    case .scatterAdd(let kernel): return try ScatterLaunch(kernel, self)
    case .convolution(let kernel):
      return try kernel.pass == .weightGradient
        ? ConvolutionWeightLaunch(kernel, self) : ConvolutionLaunch(kernel, self)
    case .pool(let shape): return try PoolLaunch(shape, isGradient: false, self)
    case .poolGradient(let shape): return try PoolLaunch(shape, isGradient: true, self)
    case .attention(let shape): return try AttentionLaunch(shape, self)
    case .attentionGradient(let shape): return try AttentionGradientLaunch(shape, self)
    case .sparseRows(let kernel): return try SparseRowsLaunch(kernel, self)
    case .sparseProduct(let kernel): return try SparseProductLaunch(kernel, isGradient: false, self)
    case .sparseProductGradient(let kernel): return try SparseProductLaunch(kernel, isGradient: true, self)
    case .augmentation(let kernel): return try AugmentationLaunch(kernel, self)
    case .update(let kernel):
      if let update = try UpdateLaunch(kernel, self) { return update }
      return try ChainLaunch(kernel, self)
    }
  }
}
