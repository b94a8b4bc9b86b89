import ApusCompiler
import ApusGraph

/// How a processor computes a convolution forward or to the input by Winograd's minimal filtering: tiles of 4×4 pixels in 36
/// products a channel instead of 144 for a window of 3×3, and in 64 instead of 400 for one of 5×5.
///
/// The source is transformed for some images at a time, multiplied by the transformed weights in one batch of matrix
/// products, and transformed back, so that what lies between is still in the cache. Errors are up to 5 times those of the
/// direct sums (7 to 20 times for 5×5), and a number that is not finite spreads over its tile.
struct WinogradConvolution {
  let filter: WinogradFilter
  let images: Int
  /// Images whose transforms are in memory together; the last of them may be fewer.
  let sliceImages: Int
  private let computeUnits: Int

  /// Bytes of a slice's transforms that stay in the caches.
  private static let sliceSize = 8 << 20
  /// Bytes of scratch memory that a convolution may take.
  private static let scratchLimit = 16 << 20

  /// Nil unless there is such a filter, there is one group, and the memory suffices.
  init?(_ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, _ device: OpenCLDevice) {
    guard pass != .weightGradient, shape.groups == 1, let filter = WinogradFilter(pass, shape),
      (filter.input + filter.output + [shape.images]).allSatisfy({ $0 > 0 })
    else { return nil }
    self.filter = filter
    images = shape.images
    computeUnits = device.computeUnits
    let (inStride, outStride) = (
      WinogradConvolution.stride(filter.inChannels), WinogradConvolution.stride(filter.outChannels)
    )
    let imageSize = filter.products * filter.tiles[0] * filter.tiles[1] * 4 * (inStride + outStride)
    let weights = filter.products * filter.inChannels * outStride * 4
    let sliceSize = min(
      WinogradConvolution.sliceSize, (WinogradConvolution.scratchLimit - weights) / 4 * 3)
    let most = min(max(sliceSize / imageSize, 1), images)
    // Slices of one size need one kernel.
    sliceImages = (most.divided(by: 2)...most).last { shape.images % $0 == 0 } ?? most
    guard scratchSize <= WinogradConvolution.scratchLimit else { return nil }
  }

  /// From one tile or channel to the next, in floats: whole vectors, and no large power of two, whose multiples would fall
  /// into few sets of a cache.
  private static func stride(_ channels: Int) -> Int {
    let width = channels.divided(by: 16) * 16
    return width % 128 == 0 ? width + 16 : width
  }

  /// The tiles of a slice.
  var rows: Int { sliceImages * filter.tiles[0] * filter.tiles[1] }
  var inStride: Int { WinogradConvolution.stride(filter.inChannels) }
  var outStride: Int { WinogradConvolution.stride(filter.outChannels) }
  /// From one product to the next, in floats.
  var weightStride: Int { filter.inChannels * outStride + 16 }
  var sourceStride: Int { rows * inStride + 16 }
  var resultStride: Int { rows * outStride + 16 }

  /// Scratch memory of a work-item that transforms an image's block of channels, in floats.
  var inputSlot: Int {
    let extents = filter.tiles.map { $0 * WinogradFilter.extent + filter.window - 1 }
    return ((extents[0] + filter.points) * extents[1] * 16).paddedToAlignment
  }
  /// The same on the way back.
  var outputSlot: Int {
    let pixels = filter.tiles[0] * filter.tiles[1] * WinogradFilter.extent * WinogradFilter.extent
    let plane = (filter.output[0] * filter.output[1]).divided(by: 16) * 16
    return ((pixels + plane) * 16).paddedToAlignment
  }
  /// Work-items that share a slice's images and blocks of channels.
  func items(_ channels: Int) -> Int {
    min(sliceImages * channels.divided(by: 16), 4 * computeUnits)
  }

  /// The weights, the source and the result between the transforms, and the work-items' own, in floats.
  var scratchSizes: [Int] {
    let slots = max(items(filter.inChannels) * inputSlot, items(filter.outChannels) * outputSlot)
    return ([weightStride, sourceStride, resultStride].map { $0 * filter.products } + [slots]).map(
      \.paddedToAlignment)
  }
  /// In bytes.
  var scratchSize: Int { scratchSizes.reduce(0, +) * 4 }

  /// What making a vector of the source's transform takes, memory included, in multiply-adds of a vector.
  private static let sourceCost = 40
  /// The same for the result's, with writing the product and reading it again.
  private static let resultCost = 80
  /// The same for the weights.
  private static let weightCost = 40
  /// What a multiply-add of the direct sums takes beside one of a matrix product, their copies of the images included.
  private static let directCost = 1.25

  /// Whether it takes less than the direct sums, by counts that were measured with AVX-512.
  var isFaster: Bool {
    let (inChannels, outChannels) = (filter.inChannels, filter.outChannels)
    let tiles = images * filter.tiles[0] * filter.tiles[1]
    let (inVectors, outVectors) = (inChannels.divided(by: 16), outChannels.divided(by: 16))
    let pixels = images * filter.output[0] * filter.output[1]
    let direct = pixels * filter.window * filter.window * inChannels * outChannels / 16
    let perTile =
      inChannels * outVectors + WinogradConvolution.sourceCost * inVectors + WinogradConvolution
      .resultCost * outVectors
    let weights = WinogradConvolution.weightCost * inChannels * outVectors
    return Double(filter.products * (tiles * perTile + weights)) < WinogradConvolution.directCost
      * Double(direct)
  }
}

extension ConvolutionProduct {
  func planWinograd(
    _ device: OpenCLDevice, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard let plan = WinogradConvolution(pass, shape, device), let scratch else {
      throw OpenCLError.launch(kernel: "winograd", "it is not for this convolution.")
    }
    var ranges: [MemoryRange] = []
    var offset = 0
    for size in plan.scratchSizes {
      ranges.append(scratch.range(at: offset * 4, size: size * 4))
      offset += size
    }
    let (weights, source, result, slots) = (ranges[0], ranges[1], ranges[2], ranges[3])
    let filter = plan.filter
    let macros = ["WINDOW": "\(filter.window)"]

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

    let reading = try builder.add(KernelInstance(template: "winograd_input", macros: macros))
    for image in stride(from: 0, to: plan.images, by: plan.sliceImages) {
      let count = min(plan.sliceImages, plan.images - image)
      launches.append(
        PlannedLaunch(
          reading.name(of: "winograd_input"),
          [
            .size(image), .size(count), .size(filter.inChannels), .size(filter.input[0]),
            .size(filter.input[1]),
            .size(filter.tiles[0]), .size(filter.tiles[1]), .size(filter.padding[0]),
            .size(filter.padding[1]), .memory(first),
            .memory(slots), .elements(plan.inputSlot), .memory(source),
            .elements(plan.sourceStride),
            .elements(plan.inStride),
          ], groups: [plan.items(filter.inChannels)], local: [1]))

      let product = MatrixProduct(
        m: count * filter.tiles[0] * filter.tiles[1], n: filter.outChannels.divided(by: 16) * 16,
        k: filter.inChannels,
        batch: filter.products,
        a: .init(source, rowStride: plan.inStride, columnStride: 1, batchStride: plan.sourceStride),
        b: .init(
          weights, rowStride: plan.outStride, columnStride: 1, batchStride: plan.weightStride),
        c: .init(result, rowStride: plan.outStride, columnStride: 1, batchStride: plan.resultStride)
      )
      launches += try product.plan(
        device, .wide(packsA: false, packsB: false, splits: 1), scratch: nil, &builder)

      var parameters = ParameterList([
        .size(image), .size(count), .size(filter.outChannels), .size(filter.output[0]),
        .size(filter.output[1]),
        .size(filter.tiles[0]), .size(filter.tiles[1]), .memory(result),
        .elements(plan.resultStride),
        .elements(plan.outStride), .memory(slots), .elements(plan.outputSlot), .memory(output),
      ])
      let text = epilogue.text(&parameters, store: "vstore16")
      let writing = try builder.add(
        KernelInstance(
          template: "winograd_output", macros: macros,
          regions: text.regions("arguments", "rows", "vector", "scalar")))
      launches.append(
        PlannedLaunch(
          writing.name(of: "winograd_output"), parameters.arguments,
          groups: [plan.items(filter.outChannels)],
          local: [1], names: parameters.names))
    }
    return launches
  }
}
