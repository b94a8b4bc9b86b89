import ApusCPUKernels
import ApusCompiler
import ApusOptimizers

/// The update of all parameters by an optimizer that has a compiled loop.
final class UpdateLaunch: Launch {
  private let loop: UpdateOperands.Loop
  private let kernel: UpdateKernel
  private let gradients: OperandAddress
  private let scale: OperandAddress?
  private let outputs: [OperandAddress]
  private let workers: Workers
  private let uniforms: UnsafeMutablePointer<Float>

  /// The parameters that are worth waking another thread for.
  private static let grain = 8192
  /// The parameters from which on arenas do not fit the last-level cache; for fewer, fetching ahead costs more than it brings.
  private static let fewestFetched = 1 << 21

  /// Nil when the optimizer is not one of the registry's.
  init?(_ kernel: UpdateKernel, _ context: LaunchContext) throws(DeviceError) {
    guard let kind = OptimizerKind.allCases.first(where: { $0.type == kernel.optimizer }) else { return nil }
    loop = context.kernels.updateLoop(kind)
    self.kernel = kernel
    gradients = try context.input(0)
    scale = context.inputs.count > 1 ? context.inputs[1] : nil
    _ = try context.output(kernel.optimizer.stateNames.count)
    outputs = context.outputs
    workers = context.workers
    uniforms = .allocate(capacity: Uniforms<Float>.count)
    uniforms.initialize(repeating: 0, count: Uniforms<Float>.count)
  }

  deinit { uniforms.deallocate() }

  func run(_ arguments: StepArguments) {
    func floats(_ address: OperandAddress) -> UnsafeMutablePointer<Float> {
      address.pointer.assumingMemoryBound(to: Float.self)
    }
    func output(_ index: Int) -> UnsafeMutablePointer<Float> { floats(outputs[min(index, outputs.count - 1)]) }
    UnsafeMutableRawPointer(uniforms).storeBytes(of: kernel.uniforms(arguments.uniforms), as: Uniforms<Float>.self)
    let operands = UpdateOperands(
      parameters: output(0), gradients: UnsafePointer(floats(gradients)),
      states: (output(1), output(2), output(3)), count: kernel.count,
      ahead: kernel.count < UpdateLaunch.fewestFetched ? 0 : HostProcessor.fetchDistance,
      gradientScale: scale.map { floats($0).pointee } ?? 1, uniforms: uniforms)
    workers.pool.parallelRanges(kernel.count, grain: UpdateLaunch.grain, alignment: 64) { _, range in
      loop(operands.slice(range))
    }
  }
}
