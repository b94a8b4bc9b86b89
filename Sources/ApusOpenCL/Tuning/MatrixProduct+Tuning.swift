extension MatrixProduct: Tunable {
  package var tuningKey: String {
    let layout = (a.columnStride == 1 ? "N" : "T") + (b.columnStride == 1 ? "N" : "T")
    return "product \(batch)x\(m)x\(n)x\(k) \(layout)\(epilogue.isCheap ? "" : " with functions")"
      + (precision == .float32 ? "" : " in \(precision.rawValue)")
  }

  package func candidates(for device: OpenCLDevice) -> [Variant] {
    let splits = [1, 2, 4, 8, 16].filter { $0 == 1 || k / $0 >= 128 }
    if precision != .float32 {
      return TilingDefaults.tiles.flatMap { tile in splits.map { .tensor(tile: tile, splits: $0) } }
        .merging(ruledVariant(for: device))
    }
    switch device.style {
    case .tiled:
      let tiles = TilingDefaults.tiles.filter { TilingDefaults.fits($0, device) }
      return tiles.flatMap { tile in splits.map { .tiled(tile: tile, splits: $0) } }
        .merging(ruledVariant(for: device))
    case .wide:
      var variants: [Variant] = []
      for packsA in [false, true] {
        for packsB in [false, true] {
          let tile = WideTile(m: m, n: n, packsA: packsA, packsB: packsB)
          guard packsB || (b.columnStride == 1 && n >= tile.n) else { continue }
          variants += splits.map { .wide(packsA: packsA, packsB: packsB, splits: $0) }
        }
      }
      if a.columnStride == 1, b.rowStride == 1, b.columnStride != 1, k >= 16, k < 8192, epilogue.isCheap {
        variants.append(.dot)
      }
      return variants.merging(ruledVariant(for: device))
    }
  }
}

extension MatrixProduct.Variant: LosslessStringConvertible {
  /// Such as `tiled 128 4` or `tensor 128 4` (the tile, the slices), `wide AB- 1` (the packed operands, the slices) or
  /// `dot`.
  package var description: String {
    switch self {
    case .wide(let packsA, let packsB, let splits): "wide \(packsA ? "A" : "")\(packsB ? "B" : "")- \(splits)"
    case .dot: "dot"
    case .tiled(let tile, let splits): "tiled \(tile) \(splits)"
    case .tensor(let tile, let splits): "tensor \(tile) \(splits)"
    }
  }

  package init?(_ description: String) {
    let parts = description.split(separator: " ")
    let numbers = parts.dropFirst().compactMap { Int($0) }
    switch (parts.first, numbers.count) {
    case ("wide", 1) where parts.count == 3:
      self = .wide(packsA: parts[1].contains("A"), packsB: parts[1].contains("B"), splits: numbers[0])
    case ("dot", 0): self = .dot
    case ("tiled", 2): self = .tiled(tile: numbers[0], splits: numbers[1])
    case ("tensor", 2): self = .tensor(tile: numbers[0], splits: numbers[1])
    default: return nil
    }
  }
}

extension Array where Element: Equatable {
  /// With one more element, unless it is there.
  func merging(_ element: Element) -> [Element] { contains(element) ? self : self + [element] }
}
