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
    return variants.merging(ruledVariant(for: device))
  }
}

extension ConvolutionProduct.Variant: LosslessStringConvertible {
  /// Such as `tiled 64 8` or `tensor 64 8` (the tile, the slices), `wide`, `winograd` or `direct`.
  package var description: String {
    switch self {
    case .wide: "wide"
    case .winograd: "winograd"
    case .direct: "direct"
    case .tiled(let tile, let splits): "tiled \(tile) \(splits)"
    case .tensor(let tile, let splits): "tensor \(tile) \(splits)"
    }
  }

  package init?(_ description: String) {
    let parts = description.split(separator: " ")
    let numbers = parts.dropFirst().compactMap { Int($0) }
    switch (parts.first, numbers.count) {
    case ("wide", 0): self = .wide
    case ("winograd", 0): self = .winograd
    case ("direct", 0): self = .direct
    case ("tiled", 2): self = .tiled(tile: numbers[0], splits: numbers[1])
    case ("tensor", 2): self = .tensor(tile: numbers[0], splits: numbers[1])
    default: return nil
    }
  }
}
