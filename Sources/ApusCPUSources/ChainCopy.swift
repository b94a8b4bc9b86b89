import ApusCPUKernels
import ApusExpression

/// Copies the first input of a plan to its first output over an area of whole rows.
///
/// - Parameter transposes: the input is contiguous along the last row axis, the output along the columns.
func copyChain(_ plan: UnsafePointer<ChainPlan>, _ area: ChainArea, transposes: Bool) {
  if plan.pointee.outputs[0].element.isByte {
    copyElements(plan, area, transposes, UInt8.self, transposeBytes)
  } else {
    copyElements(plan, area, transposes, UInt32.self, transposeWords)
  }
}

@inline(__always)
private func copyElements<Element>(
  _ plan: UnsafePointer<ChainPlan>, _ area: ChainArea, _ transposes: Bool, _ type: Element.Type,
  _ transpose: (UnsafePointer<Element>, Int, UnsafeMutablePointer<Element>, Int, Int, Int) -> Void
) {
  let p = plan.pointee
  let input = p.inputs[0]
  let output = p.outputs[0]
  let source = input.base.assumingMemoryBound(to: Element.self)
  let target = output.base.assumingMemoryBound(to: Element.self)
  let last = p.rowAxes - 1
  let extent = p.rowExtents[last]
  var row = area.firstRow
  while row < area.firstRow + area.rows {
    // The rows up to where the last row axis starts anew are evenly spaced.
    let run = min(area.firstRow + area.rows - row, extent - row % extent)
    let from = source + input.offset(row: row, plan) + area.firstColumn * input.columnStride
    let to = target + output.offset(row: row, plan) + area.firstColumn * output.columnStride
    if transposes {
      transpose(from, input.columnStride, to, output.rowStrides[last], run, area.columns)
    } else {
      for index in 0..<run {
        copyRow(
          from + index * input.rowStrides[last], input.columnStride, to + index * output.rowStrides[last],
          output.columnStride, area.columns)
      }
    }
    row += run
  }
}

@inline(__always)
private func copyRow<Element>(
  _ source: UnsafePointer<Element>, _ sourceStride: Int, _ target: UnsafeMutablePointer<Element>, _ targetStride: Int,
  _ count: Int
) {
  if sourceStride == 1, targetStride == 1 {
    UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * MemoryLayout<Element>.size)
  } else {
    for index in 0..<count { target[index * targetStride] = source[index * sourceStride] }
  }
}

/// `target[r · targetStride + c] = source[r + c · sourceStride]`, in tiles whose lines stay in the cache.
private func transposeWords(
  _ source: UnsafePointer<UInt32>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt32>, _ targetStride: Int,
  _ rows: Int, _ columns: Int
) {
  let wholeRows = rows & ~3
  let wholeColumns = columns & ~3
  var tileRow = 0
  while tileRow < wholeRows {
    let lastRow = min(tileRow + 16, wholeRows)
    var column = 0
    while column < wholeColumns {
      var row = tileRow
      while row < lastRow {
        transposeFour(
          source + row + column * sourceStride, sourceStride, target + row * targetStride + column, targetStride)
        row += 4
      }
      column += 4
    }
    tileRow = lastRow
  }
  for row in 0..<rows {
    var column = row < wholeRows ? wholeColumns : 0
    while column < columns {
      target[row * targetStride + column] = source[row + column * sourceStride]
      column += 1
    }
  }
}

/// Four by four words through registers.
@inline(__always)
private func transposeFour(
  _ source: UnsafePointer<UInt32>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt32>, _ targetStride: Int
) {
  @inline(__always)
  func load(_ column: Int) -> SIMD4<UInt32> {
    UnsafeRawPointer(source + column * sourceStride).loadUnaligned(as: SIMD4<UInt32>.self)
  }
  @inline(__always)
  func store(_ vector: SIMD4<UInt32>, _ row: Int) {
    UnsafeMutableRawPointer(target + row * targetStride).storeBytes(of: vector, as: SIMD4<UInt32>.self)
  }
  let (a, b, c, d) = (load(0), load(1), load(2), load(3))
  store(SIMD4(a.x, b.x, c.x, d.x), 0)
  store(SIMD4(a.y, b.y, c.y, d.y), 1)
  store(SIMD4(a.z, b.z, c.z, d.z), 2)
  store(SIMD4(a.w, b.w, c.w, d.w), 3)
}

/// As `transposeWords`, for bytes.
private func transposeBytes(
  _ source: UnsafePointer<UInt8>, _ sourceStride: Int, _ target: UnsafeMutablePointer<UInt8>, _ targetStride: Int,
  _ rows: Int, _ columns: Int
) {
  var tileRow = 0
  while tileRow < rows {
    let lastRow = min(tileRow + 64, rows)
    for column in 0..<columns {
      for row in tileRow..<lastRow { target[row * targetStride + column] = source[row + column * sourceStride] }
    }
    tileRow = lastRow
  }
}
