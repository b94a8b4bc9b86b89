import ApusCompiler
import ApusGraph

/// How a processor computes a convolution forward or to the input: the tile in registers, the planes in the cache, and who
/// does what.
struct WideConvolution {
  /// Channels of the result in a tile.
  let tile: Int
  /// Vectors of 16 pixels in a tile.
  let vectors: Int
  /// The neighbouring pixels that a part of a vector takes from one row.
  let segment: Int
  /// Work-items over images, and over tiles of channels.
  let items: [Int]
  let planeHeight: Int
  let planePitch: Int
  /// The planes of one channel.
  let planeCount: Int
  /// In floats.
  let slotSize: Int
  let panelsSize: Int

  let inChannels: Int
  let outChannels: Int

  init(_ pass: ConvolutionKernel.Pass, _ shape: ConvolutionShape, _ device: OpenCLDevice) {
    let window = shape.window
    let isTransposed = pass == .inputGradient
    inChannels = isTransposed ? shape.groupFeatures : shape.groupChannels
    outChannels = isTransposed ? shape.groupChannels : shape.groupFeatures
    // What one phase writes: the whole output, or every strides-th row and column of the input.
    let written = isTransposed ? (0..<2).map { shape.input[$0].divided(by: window.strides[$0]) } : shape.output

    let columns = written[1]
    func filled(_ segment: Int) -> Int { columns.divided(by: segment) * segment }
    let segment = [16, 8, 4].min { filled($0) < filled($1) } ?? 16
    self.segment = segment
    let pixelVectors = (filled(segment) * written[0]).divided(by: 16)
    let outChannels = outChannels
    /// The time of all tiles of one image, in multiply-adds of a vector: those of a tile, or its loads where they are more.
    func cost(_ tile: Int, _ vectors: Int) -> Int {
      let step = max(tile * vectors, tile + vectors * 16 / segment, 8)
      return outChannels.divided(by: tile) * pixelVectors.divided(by: vectors) * (step + 1)
    }
    let candidates = [1, 2, 3, 4].flatMap { vectors in
      (1...min(28 / vectors - 1, 14)).map { (tile: $0, vectors: vectors) }
    }
    let best =
      candidates.filter { $0.tile <= max(outChannels, 1) && $0.vectors <= max(pixelVectors, 1) }
      .min { cost($0.tile, $0.vectors) < cost($1.tile, $1.vectors) } ?? (1, 1)
    tile = best.tile
    vectors = best.vectors

    let reach = (0..<2).map { (window.size[$0] - 1) * window.dilation[$0] / window.strides[$0] }
    if isTransposed {
      let first = (0..<2).map { window.padding[$0].divided(by: window.strides[$0]) }
      planeHeight = first[0] + written[0] + reach[0]
      planePitch = first[1] + filled(segment) + reach[1]
      planeCount = 1
    } else {
      planeHeight = written[0] + reach[0]
      planePitch = filled(segment) + reach[1]
      planeCount = window.strides[0] * window.strides[1]
    }
    slotSize = (planeHeight * planePitch * planeCount * inChannels).paddedToAlignment
    let tiles = outChannels.divided(by: tile)
    panelsSize = (shape.groups * tiles * tile * inChannels * shape.taps).paddedToAlignment

    // Few work-items that take several images each, so that their planes are few and stay in the cache.
    let jobs = shape.images * shape.groups
    let images = max(1, min(jobs, 4 * device.computeUnits))
    items = [images, max(1, min(tiles, (2 * device.computeUnits).divided(by: images)))]
  }

  var scratchSize: Int { (panelsSize + items[0] * items[1] * slotSize) * 4 }
}

/// How a processor computes a convolution's weight gradient.
struct WideWeightConvolution {
  /// Channels, rows and columns of the kernel, and vectors of 16 features in a tile.
  let tile: [Int]
  /// Work-items over images, each a slice, and over blocks of channels.
  let items: [Int]
  /// In floats.
  let slotSize: Int
  let sumsSize: Int

  init(_ shape: ConvolutionShape, _ device: OpenCLDevice) {
    let window = shape.window
    let (channels, features) = (shape.groupChannels, shape.groupFeatures)
    let featureVectors = features.divided(by: 16)
    /// The time of all tiles for one pixel.
    func cost(_ tile: [Int]) -> Int {
      let rows = tile[0] * tile[1] * tile[2]
      let step = max(rows * tile[3], rows + tile[3], 8)
      return channels.divided(by: tile[0]) * window.size[0].divided(by: tile[1]) * (window.size[1] / tile[2])
        * featureVectors.divided(by: tile[3]) * (step + 1)
    }
    var candidates: [[Int]] = []
    for across in 1...min(window.size[1], 26) where window.size[1] % across == 0 {
      for down in 1...min(window.size[0], max(1, 26 / across)) {
        for vectors in 1...4 {
          for count in 1...max(1, min(channels, 26 / (across * down))) {
            let isWithin = count * down * across * vectors <= 27
            if isWithin && vectors <= featureVectors { candidates.append([count, down, across, vectors]) }
          }
        }
      }
    }
    tile = candidates.min { cost($0) < cost($1) } ?? [1, 1, 1, 1]

    let plane = (shape.input[0] + 2 * window.padding[0]) * (shape.input[1] + 2 * window.padding[1])
    slotSize = (channels * plane + shape.output[0] * shape.output[1] * featureVectors * 16).paddedToAlignment
    let images = max(1, min(shape.images, 4 * device.computeUnits))
    let blocks = channels.divided(by: tile[0])
    items = [images, max(1, min(blocks, (2 * device.computeUnits).divided(by: images)))]
    sumsSize = (images * shape.channels * shape.taps * featureVectors * 16).paddedToAlignment
  }

  var scratchSize: Int { (sumsSize + items[0] * items[1] * slotSize) * 4 }
}

extension ConvolutionProduct {
  func planWide(
    _ device: OpenCLDevice, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    guard let scratch else { throw OpenCLError.launch(kernel: "convolution_wide", "it has no scratch memory.") }
    if pass == .weightGradient { return try planWideWeights(device, scratch, &builder) }
    let plan = WideConvolution(pass, shape, device)
    let (read, written) = pass == .forward ? (shape.input, shape.output) : (shape.output, shape.input)
    var macros = shape.macros
    macros["TILE_M"] = "\(plan.tile)"
    macros["TRANSPOSED"] = pass == .forward ? "0" : "1"
    let panels = scratch.range(at: 0, size: plan.panelsSize * 4)
    let planes = scratch.range(at: panels.size, size: scratch.size - panels.size)

    let packMacros = macros.filter { !$0.key.hasPrefix("PAD") }
    let packing = try builder.add(KernelInstance(template: "convolution_pack", macros: packMacros))
    let pack = PlannedLaunch(
      packing.name(of: "convolution_pack"),
      [.size(plan.inChannels), .size(plan.outChannels), .memory(second), .memory(panels)],
      groups: [plan.outChannels.divided(by: plan.tile), shape.groups], local: [1, 1])

    macros["VECTORS"] = "\(plan.vectors)"
    macros["SEGMENT"] = "\(plan.segment)"
    macros["AHEAD"] = FetchAhead.next(device) ? "1" : "0"
    var parameters = ParameterList([
      .size(shape.images), .size(shape.groups), .size(plan.inChannels), .size(plan.outChannels), .size(read[0]),
      .size(read[1]), .size(written[0]), .size(written[1]), .size(plan.planeHeight), .size(plan.planePitch),
      .size(plan.planeCount), .memory(first), .memory(panels), .memory(planes), .elements(plan.slotSize),
      .memory(output),
    ])
    let text = epilogue.text(&parameters, store: "STORE")
    let suffix = try builder.add(
      KernelInstance(
        template: "convolution_wide", macros: macros,
        regions: text.regions("arguments", "fetches", "rows", "vector", "scalar")))
    return [
      pack,
      PlannedLaunch(
        suffix.name(of: "convolution_wide"), parameters.arguments, groups: plan.items, local: [1, 1],
        names: parameters.names),
    ]
  }

  private func planWideWeights(
    _ device: OpenCLDevice, _ scratch: MemoryRange, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let plan = WideWeightConvolution(shape, device)
    var macros = shape.macros
    for (name, value) in zip(["TILE_C", "TILE_H", "TILE_W", "VECTORS"], plan.tile) { macros[name] = "\(value)" }
    let sums = scratch.range(at: 0, size: plan.sumsSize * 4)
    let slots = scratch.range(at: sums.size, size: scratch.size - sums.size)
    macros["AHEAD"] = FetchAhead.next(device) ? "1" : "0"
    let suffix = try builder.add(KernelInstance(template: "convolution_wide_weights", macros: macros))
    let adding = try builder.add(KernelInstance(template: "convolution_sum"))
    return [
      PlannedLaunch(
        suffix.name(of: "convolution_wide_weights"),
        [
          .size(shape.images), .size(shape.groups), .size(shape.groupChannels), .size(shape.groupFeatures),
          .size(shape.input[0]), .size(shape.input[1]), .size(shape.output[0]), .size(shape.output[1]), .memory(first),
          .memory(second), .memory(slots), .elements(plan.slotSize), .memory(sums),
        ], groups: plan.items, local: [1, 1]),
      PlannedLaunch(
        adding.name(of: "convolution_sum"),
        [
          .size(plan.items[0]), .size(shape.groupChannels), .size(shape.groupFeatures), .size(shape.taps),
          .memory(sums), .memory(output),
        ], groups: [shape.groupChannels, shape.groups], local: [1, 1]),
    ]
  }
}
