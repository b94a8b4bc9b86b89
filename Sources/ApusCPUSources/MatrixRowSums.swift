import ApusCPUKernels
import ApusExpression

/// Sums A's rows over a block's steps, a vector of rows at a time: each in the order of the steps, however the rows are cut
/// into tasks.
///
/// A's columns are contiguous: within its tiles where it is packed, whose last vector may reach into the next step, and from
/// end to end where it is read in place, of which a vector may be read past the end.
func sumRows(of block: MatrixBlock, _ sums: UnsafeMutablePointer<Float>) {
  let isPacked = block.aTileStride != tileRows
  let tileHeight = isPacked ? tileRows : block.rows
  var tile = block.a
  var firstRow = 0
  while firstRow < block.rows {
    let rows = min(tileHeight, block.rows - firstRow)
    let step = block.aDepthStride
    var row = 0
    while row + 4 * Wide.count <= rows {
      sumFour(tile + row, step, block, sums + firstRow + row)
      row += 4 * Wide.count
    }
    while row < rows {
      sumOne(tile + row, step, block, sums + firstRow + row, count: min(Wide.count, rows - row))
      row += Wide.count
    }
    firstRow += rows
    tile += block.aTileStride
  }
}

@inline(__always)
private func sumFour(
  _ a: UnsafePointer<Float>, _ stride: Int, _ block: MatrixBlock, _ sums: UnsafeMutablePointer<Float>
) {
  var s0 = Wide(0)
  var s1 = Wide(0)
  var s2 = Wide(0)
  var s3 = Wide(0)
  var source = a
  for _ in 0..<block.depth {
    s0 = s0 + .load(source)
    s1 = s1 + .load(source + Wide.count)
    s2 = s2 + .load(source + 2 * Wide.count)
    s3 = s3 + .load(source + 3 * Wide.count)
    source += stride
  }
  store(s0, block, sums, count: Wide.count)
  store(s1, block, sums + Wide.count, count: Wide.count)
  store(s2, block, sums + 2 * Wide.count, count: Wide.count)
  store(s3, block, sums + 3 * Wide.count, count: Wide.count)
}

@inline(__always)
private func sumOne(
  _ a: UnsafePointer<Float>, _ stride: Int, _ block: MatrixBlock, _ sums: UnsafeMutablePointer<Float>, count: Int
) {
  var sum = Wide(0)
  var source = a
  for _ in 0..<block.depth {
    sum = sum + .load(source)
    source += stride
  }
  store(sum, block, sums, count: count)
}

@inline(__always)
private func store(_ sum: Wide, _ block: MatrixBlock, _ sums: UnsafeMutablePointer<Float>, count: Int) {
  if count == Wide.count {
    (block.accumulates ? .load(sums) + sum : sum).store(sums)
    return
  }
  withUnsafeBytes(of: sum) { lanes in
    guard let lanes = lanes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    for lane in 0..<count { sums[lane] = block.accumulates ? sums[lane] + lanes[lane] : lanes[lane] }
  }
}
