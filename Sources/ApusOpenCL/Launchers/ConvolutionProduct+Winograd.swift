import ApusCompiler
import ApusGraph

extension ConvolutionProduct {
  func planWinograd(
    _ device: OpenCLDevice, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard let plan = WinogradConvolution(pass, shape, device), let scratch else {
      throw OpenCLError.launch(kernel: "winograd", "it is not for this convolution.")
    }
    if pass == .weightGradient { return try planWinogradWeights(plan, device, scratch, &builder) }
    let filter = plan.filter
    let (weights, source, result, slots) = plan.parts(of: scratch)
    let macros = plan.macros

    let isTransposed = ["TRANSPOSED": pass == .forward ? "0" : "1"]
    let weighing = try builder.add(
      KernelInstance(template: "winograd_weights", macros: macros.merging(isTransposed) { $1 }))
    var launches = [
      PlannedLaunch(
        weighing.name(of: "winograd_weights"),
        [
          .size(filter.inChannels), .size(filter.outChannels), .memory(second), .memory(weights),
          .elements(plan.weightStride), .elements(plan.outStride),
        ], groups: [filter.outChannels.divided(by: 16), filter.inChannels], local: [1, 1])
    ]

    let ahead = ["AHEAD": FetchAhead.next(device) ? "1" : "0"]
    let reading = try builder.add(
      KernelInstance(template: "winograd_input", macros: macros.merging(ahead) { $1 }))
    for slice in plan.slices {
      launches.append(plan.expansion(reading, of: .source, first, images: slice, to: source, slots))
      let product = MatrixProduct(
        m: slice.count * filter.tiles[0] * filter.tiles[1], n: filter.outChannels.divided(by: 16) * 16,
        k: filter.inChannels,
        batch: filter.products,
        a: .init(source, rowStride: plan.inStride, columnStride: 1, batchStride: plan.sourceStride),
        b: .init(weights, rowStride: plan.outStride, columnStride: 1, batchStride: plan.weightStride),
        c: .init(result, rowStride: plan.outStride, columnStride: 1, batchStride: plan.resultStride))
      launches += try product.plan(device, .wide(packsA: false, packsB: false, splits: 1), scratch: nil, &builder)

      var parameters = ParameterList([
        .size(slice.lowerBound), .size(slice.count), .size(filter.outChannels), .size(filter.output[0]),
        .size(filter.output[1]),
        .size(filter.tiles[0]), .size(filter.tiles[1]), .memory(result), .elements(plan.resultStride),
        .elements(plan.outStride), .memory(slots), .elements(plan.slotSize(.result)), .memory(output),
      ])
      let text = epilogue.text(&parameters, store: "vstore16")
      let writing = try builder.add(
        KernelInstance(
          template: "winograd_output", macros: macros,
          regions: text.regions("arguments", "rows", "vector", "scalar")))
      launches.append(
        PlannedLaunch(
          writing.name(of: "winograd_output"), parameters.arguments, groups: [plan.items(.result)],
          local: [1], names: parameters.names))
    }
    return launches
  }
}
