extension ConvolutionProduct: Tunable {
  package var tuningKey: String {
    func pair(_ values: [Int]) -> String { values.map(String.init).joined(separator: "x") }
    let window = shape.window
    return "convolution \(pass.rawValue) \(shape.images)x\(shape.channels)x\(pair(shape.input)) to \(shape.features) "
      + "by \(pair(window.size)) stride \(pair(window.strides)) padding \(pair(window.padding)) "
      + "dilation \(pair(window.dilation)) groups \(shape.groups)"
      + (precision == .float32 ? "" : " in \(precision.rawValue)")
  }

  package func candidates(for device: OpenCLDevice) -> [Variant] {
    let pixels = shape.images * shape.output[0] * shape.output[1]
    let splits = pass == .weightGradient ? [1, 2, 4, 8, 16, 32, 64].filter { $0 == 1 || pixels / $0 >= 128 } : [1]
    if precision != .float32 {
      return TilingDefaults.tiles.flatMap { tile in splits.map { .tensor(tile: tile, splits: $0) } }
        .merging(ruledVariant(for: device))
    }
    guard device.style == .tiled else {
      return WinogradConvolution(pass, shape, device) == nil ? [.wide] : [.wide, .winograd]
    }
    let tiles = TilingDefaults.tiles.filter { TilingDefaults.fits($0, device) }
    let variants: [Variant] = tiles.flatMap { tile in splits.map { .tiled(tile: tile, splits: $0) } }
    return (variants + patchCandidates(device)).merging(ruledVariant(for: device))
  }
}

extension ConvolutionProduct {
  /// How many tiles of patches are tried, those with the fewest instructions.
  private static let triedTiles = 8

  private func patchCandidates(_ device: OpenCLDevice) -> [Variant] {
    let tiles = patchPlans(device).sorted { $0.instructions < $1.instructions }.prefix(Self.triedTiles)
    let weightTiles = patchWeightPlans(device).sorted { $0.instructions < $1.instructions }.prefix(Self.triedTiles)
    let sliced = weightTiles.flatMap { plan -> [Variant] in
      let ruled = plan.ruledSplits(device)
      return [ruled, ruled * 2].filter { $0 <= plan.steps }.map { .patchWeights(plan.tile, splits: $0) }
    }
    return tiles.map { .patch($0.tile) } + sliced
  }
}

extension ConvolutionProduct.Variant: LosslessStringConvertible {
  /// Such as `tiled 64 8` or `tensor 64 8` (the tile, the slices), `patch 1 16 32 8`,
  /// `patch-weights 16 16 4 32 8` (their tiles, the slices), `wide`, `winograd` or `direct`.
  package var description: String {
    switch self {
    case .wide: "wide"
    case .winograd: "winograd"
    case .direct: "direct"
    case .patch(let tile): "patch \(tile)"
    case .patchWeights(let tile, let splits): "patch-weights \(tile) \(splits)"
    case .tiled(let tile, let splits): "tiled \(tile) \(splits)"
    case .tensor(let tile, let splits): "tensor \(tile) \(splits)"
    }
  }

  package init?(_ description: String) {
    let parts = description.split(separator: " ")
    let numbers = parts.dropFirst().compactMap { Int($0) }
    switch (parts.first, numbers.count) {
    case ("patch", 4):
      guard let tile = PatchTile(parts.dropFirst().joined(separator: " ")) else { return nil }
      self = .patch(tile)
    case ("patch-weights", 5):
      guard let tile = PatchWeightTile(parts[1...4].joined(separator: " ")) else { return nil }
      self = .patchWeights(tile, splits: numbers[4])
    case ("wide", 0): self = .wide
    case ("winograd", 0): self = .winograd
    case ("direct", 0): self = .direct
    case ("tiled", 2): self = .tiled(tile: numbers[0], splits: numbers[1])
    case ("tensor", 2): self = .tensor(tile: numbers[0], splits: numbers[1])
    default: return nil
    }
  }
}
