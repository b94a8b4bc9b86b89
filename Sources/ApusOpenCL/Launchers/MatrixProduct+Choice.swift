extension MatrixProduct {
  /// The variant that suits a device and this shape by rule, where nothing was measured.
  ///
  /// On processors, packing pays where each packed value is used often enough, and earlier where an operand's lines lie
  /// so far apart that they fall into few sets of the first cache; a small product reads its operands in place, by the
  /// dot variant where both are contiguous along K. K is cut into slices where the tiles alone would leave compute units
  /// idle. Everything else depends on who made the device: `TilingDefaults`.
  package func ruledVariant(for device: OpenCLDevice) -> Variant {
    let defaults = TilingDefaults.of(device)
    if precision != .float32 {
      let tile = defaults.tensorTile(m, n, count: batch, device)
      return .tensor(tile: tile, splits: defaults.splits(m, n, k, tile: tile, count: batch, device))
    }
    guard device.style == .tiled, let tile = defaults.tile(m, n, count: batch, device) else {
      return bestWideVariant(device)
    }
    return .tiled(tile: tile, splits: defaults.splits(m, n, k, tile: tile, count: batch, device))
  }

  private func bestWideVariant(_ device: OpenCLDevice) -> Variant {
    let isLarge = min(m, n, k) >= 256
    let isDot = a.columnStride == 1 && b.rowStride == 1 && b.columnStride != 1
    if isDot && k >= 16 && m < 256 && epilogue.isCheap && k < 8192 { return .dot }
    let packsB = isLarge || b.columnStride != 1 || n < 16 || (isScattered(b.rowStride) && m >= 96)
    let packsA = isLarge || (a.rowStride == 1 && isScattered(a.columnStride) && n >= 96)
    let tile = WideTile(m: m, n: n, packsA: packsA, packsB: packsB)
    let tiles = m.divided(by: tile.m) * n.divided(by: tile.n) * batch
    return .wide(
      packsA: packsA, packsB: packsB || n < tile.n,
      splits: TilingDefaults.processors.splits(tiles: tiles, k, device, most: 16))
  }

  /// Whether the values of one line, for one p after the other, are multiples of a kilobyte apart, and many.
  private func isScattered(_ stride: Int) -> Bool { stride % 256 == 0 && k >= 128 }
}
