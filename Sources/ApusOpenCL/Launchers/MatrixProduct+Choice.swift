extension MatrixProduct {
  /// The variant that suits a device and this shape by rule, where nothing was measured.
  ///
  /// On processors, packing pays where each packed value is used often enough, and earlier where an operand's lines lie
  /// so far apart that they fall into few sets of the first cache; a small product reads its operands in place, by the
  /// dot variant where both are contiguous along K. K is cut into slices where the tiles alone would
  /// leave compute units idle.
  package func ruledVariant(for device: OpenCLDevice) -> Variant {
    switch device.style {
    case .wide: bestWideVariant(device)
    case .tiled: bestTiledVariant(device)
    }
  }

  private func bestWideVariant(_ device: OpenCLDevice) -> Variant {
    let isLarge = min(m, n, k) >= 256
    let isDot = a.columnStride == 1 && b.rowStride == 1 && b.columnStride != 1
    if isDot && k >= 16 && m < 256 && epilogue.isCheap && k < 8192 { return .dot }
    let packsB = isLarge || b.columnStride != 1 || n < 16 || (isScattered(b.rowStride) && m >= 96)
    let packsA = isLarge || (a.rowStride == 1 && isScattered(a.columnStride) && n >= 96)
    let tile = WideTile(m: m, n: n, packsA: packsA, packsB: packsB)
    let tiles = m.divided(by: tile.m) * n.divided(by: tile.n) * batch
    return .wide(packsA: packsA, packsB: packsB || n < tile.n, splits: splits(tiles, device, shortest: 512))
  }

  /// Whether the values of one line, for one p after the other, are multiples of a kilobyte apart, and many.
  private func isScattered(_ stride: Int) -> Bool { stride % 256 == 0 && k >= 128 }

  private func bestTiledVariant(_ device: OpenCLDevice) -> Variant {
    // The largest tile that still gives every compute unit one; the smallest where none does.
    let enough = 2 * device.computeUnits
    func tiles(_ size: Int) -> Int { m.divided(by: size) * n.divided(by: size) * batch }
    let tile =
      [128, 64].first { tiles($0) >= enough && min(m, n) >= $0 } ?? (min(m, n) > 32 && max(m, n) > 32 ? 64 : 32)
    return .tiled(tile: tile, splits: splits(tiles(tile), device, shortest: 256))
  }

  /// As many slices of K as give every compute unit work, up to 16, none shorter than `shortest`.
  private func splits(_ tiles: Int, _ device: OpenCLDevice, shortest: Int) -> Int {
    let wanted = (2 * device.computeUnits).divided(by: max(tiles, 1))
    return max(1, min(wanted, k / shortest, 16))
  }
}
