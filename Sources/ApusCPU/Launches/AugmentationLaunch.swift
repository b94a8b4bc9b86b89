import ApusCPUKernels
import ApusCompiler
import ApusExpression

/// Random changes of images, an image at a time.
final class AugmentationLaunch: Launch {
  private let kernel: AugmentationKernel
  private let input: OperandAddress
  private let output: OperandAddress
  private let function: @Sendable (AugmentationOperands) -> Void
  private let workers: Workers

  init(_ kernel: AugmentationKernel, _ context: LaunchContext) throws(DeviceError) {
    self.kernel = kernel
    input = try context.input(0)
    output = try context.floatOutput()
    function = context.kernels.images.augment
    workers = context.workers
  }

  func run(_ arguments: StepArguments) {
    let k = kernel
    let philox = Philox(seed: arguments.seed)
    let size = k.channels * k.height * k.width
    let source = UnsafePointer(input.pointer.assumingMemoryBound(to: Float.self))
    let target = output.pointer.assumingMemoryBound(to: Float.self)
    workers.ranges(k.images, work: k.images * size) { _, images in
      for image in images {
        func draw(_ decision: Int) -> Float {
          philox.uniform(element: 8 * image + decision, step: arguments.step, stream: k.rule.stream)
        }
        func shift(_ decision: Int) -> Int { Int(draw(decision) * Float(2 * k.rule.padding + 1)) - k.rule.padding }
        func hole(_ decision: Int, _ extent: Int) -> Range<Int> {
          guard k.rule.cutout > 0 else { return 0..<0 }
          let first = Int(draw(decision) * Float(extent)) - k.rule.cutout / 2
          return min(max(first, 0), extent)..<min(max(first + k.rule.cutout, 0), extent)
        }
        function(
          AugmentationOperands(
            source: source + image * size, target: target + image * size, channels: k.channels, height: k.height,
            width: k.width, rowShift: shift(0), columnShift: shift(1), isMirrored: k.rule.flips && draw(2) < 0.5,
            holeRows: hole(3, k.height), holeColumns: hole(4, k.width)))
      }
    }
  }
}
