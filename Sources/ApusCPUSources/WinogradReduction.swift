import ApusCPUKernels
import ApusExpression

/// Transforms products back into planes.
func reduceTiles(_ r: WinogradResult) {
  if r.tiling.window == 3 {
    reduce(r, WinogradOf3.self)
  } else {
    reduce(r, WinogradOf5.self)
  }
}

@inline(__always)
private func reduce<T: WinogradTransform>(_ r: WinogradResult, _ transform: T.Type) {
  let t = r.tiling
  let extent = T.outputs
  let (tileRows, tileColumns) = (t.tileRows, t.tileColumns)
  let halves = r.scratch
  let band = r.scratch + extent * T.points * Wide.count
  let plane = t.outputRows * t.outputColumns
  for index in 0..<r.rowCount {
    let row = r.firstRow + index
    let (image, tileRow) = (row / tileRows, row % tileRows)
    // A tile that ends beyond the row writes over the next one's first pixels, which come later.
    for tileColumn in (0..<tileColumns).reversed() {
      let tile = r.products + (index * tileColumns + tileColumn) * r.width
      let pixels = band + tileColumn * extent * r.width
      var lane = 0
      while lane < r.width {
        for point in 0..<T.points {
          T.output(
            VectorRow(tile + lane + point * r.productStride, step: T.points * r.productStride),
            VectorPlaces(halves + point * Wide.count, step: T.points * Wide.count))
        }
        for line in 0..<extent {
          T.output(
            VectorRow(halves + line * T.points * Wide.count, step: Wide.count),
            VectorPlaces(pixels + lane + line * t.outputColumns * r.width, step: r.width))
        }
        lane += Wide.count
      }
    }
    let rows = min(extent, t.outputRows - tileRow * extent)
    transposeBand(
      band, width: r.width, pixels: rows * t.outputColumns, channels: r.channels,
      r.target + image * r.imageStride + tileRow * extent * t.outputColumns, plane: plane)
  }
}
