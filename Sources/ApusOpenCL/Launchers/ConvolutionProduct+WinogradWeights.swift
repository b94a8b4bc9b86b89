import ApusCompiler
import ApusExpression
import ApusGraph

extension ConvolutionProduct {
  /// The gradient of the weights: the transforms of input and output gradient are multiplied over a slice's tiles, each
  /// slice's products are added to those of the slices before, and the sums are transformed back.
  func planWinogradWeights(
    _ plan: WinogradConvolution, _ device: OpenCLDevice, _ scratch: MemoryRange, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let filter = plan.filter
    let (sums, source, gradient, slots) = plan.parts(of: scratch)
    var macros = plan.macros
    macros["AHEAD"] = FetchAhead.next(device) ? "1" : "0"
    let ofInput = try builder.add(KernelInstance(template: "winograd_input", macros: macros))
    let ofGradient = try builder.add(
      KernelInstance(template: "winograd_input", macros: macros.merging(["GRADIENT": "1"]) { $1 }))
    let width = filter.outChannels.divided(by: 16) * 16
    let total = TensorView(
      sums, shape: [filter.products, filter.inChannels, width], strides: [plan.weightStride, plan.outStride, 1])

    var launches: [PlannedLaunch] = []
    for slice in plan.slices {
      launches.append(plan.expansion(ofInput, of: .source, first, images: slice, to: source, slots))
      launches.append(plan.expansion(ofGradient, of: .result, second, images: slice, to: gradient, slots))
      let isFirst = slice.lowerBound == 0
      let product = MatrixProduct(
        m: filter.inChannels, n: width, k: slice.count * filter.tiles[0] * filter.tiles[1], batch: filter.products,
        a: .init(source, rowStride: 1, columnStride: plan.inStride, batchStride: plan.sourceStride),
        b: .init(gradient, rowStride: plan.outStride, columnStride: 1, batchStride: plan.resultStride),
        c: .init(sums, rowStride: plan.outStride, columnStride: 1, batchStride: plan.weightStride),
        epilogue: isFirst ? .input(0) : Expression.input(0) + .input(1), inputs: isFirst ? [] : [total])
      launches += try product.plan(device, .wide(packsA: false, packsB: false, splits: 1), scratch: nil, &builder)
    }

    let writing = try builder.add(KernelInstance(template: "winograd_weight_gradient", macros: plan.macros))
    launches.append(
      PlannedLaunch(
        writing.name(of: "winograd_weight_gradient"),
        [
          .size(filter.inChannels), .size(filter.outChannels), .memory(sums), .elements(plan.weightStride),
          .elements(plan.outStride), .memory(output),
        ], groups: [filter.outChannels.divided(by: 16), filter.inChannels], local: [1, 1]))
    return launches
  }
}
