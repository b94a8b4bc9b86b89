import ApusCPUKernels
import ApusExpression
import CPrefetch

/// The most rows of a register tile: with two vectors a row, two of B and one of A, what the registers hold.
let tileRows =
  switch instructionSet {
  case .avx512: 12
  case .avx2: 6
  case .baseline:
    #if arch(arm64)
      12
    #else
      6
    #endif
  }

/// The columns of a panel of B.
let panelColumns = 2 * Wide.count

/// Multiplies one block: panels of B outermost, so that one stays in the first-level cache while the tiles of A
/// stream past it.
func multiplyBlock(_ block: MatrixBlock) {
  if let sums = block.rowSums { sumRows(of: block, sums) }
  if block.columns == 1, block.aDepthStride == 1, block.bDepthStride == 1 { return multiplyColumn(block) }
  var column = 0
  var b = block.b
  var ahead = FetchQueue(block)
  while column < block.columns {
    let width = min(panelColumns, block.columns - column)
    if width == panelColumns {
      multiplyPanel(block, &ahead, b, block.c + column, block.cRowStride, broad: true)
    } else {
      multiplyEdge(block, &ahead, b, block.c + column, width: width)
    }
    column += width
    b += block.bPanelStride
  }
}

/// What is fetched now, and what once that is done.
private struct FetchQueue {
  var lines: LinesAhead
  private var second: LinesAhead?
  private var third: LinesAhead?

  @inline(__always)
  init(_ block: MatrixBlock) {
    lines = block.epilogueAhead ?? .nothing(block.b)
    (second, third) = (block.leftAhead, block.rightAhead)
  }

  @inline(__always)
  mutating func goOn() {
    guard lines.rows <= 0 else { return }
    if let next = second ?? third {
      lines = next
      if second == nil { third = nil } else { second = nil }
    }
  }
}

/// Multiplies a panel of B with every tile of A.
@inline(__always)
private func multiplyPanel(
  _ block: MatrixBlock, _ ahead: inout FetchQueue, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
  _ cRowStride: Int, broad: Bool
) {
  var row = 0
  var a = block.a
  while row < block.rows {
    let rows = min(tileRows, block.rows - row)
    multiplyTile(
      rows, broad: broad, block, &ahead, a, b, c + row * cRowStride, cRowStride, accumulates: block.accumulates)
    row += rows
    a += block.aTileStride
  }
}

/// Memory for the largest tile, on the stack: a temporary allocation of this size would be taken from the heap.
private typealias EdgeTile = Stack<Stack<EdgeRows, EdgeRows>, EdgeRows>
private typealias EdgeRows = Stack<Stack<BroadRow, BroadRow>, Stack<BroadRow, BroadRow>>

/// Multiplies the last, narrower panel of B by way of a whole tile on the stack.
private func multiplyEdge(
  _ block: MatrixBlock, _ ahead: inout FetchQueue, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
  width: Int
) {
  var storage = EdgeTile()
  withUnsafeMutableBytes(of: &storage) { buffer in
    guard let tile = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    var row = 0
    var a = block.a
    while row < block.rows {
      let rows = min(tileRows, block.rows - row)
      multiplyTile(
        rows, broad: width > Wide.count, block, &ahead, a, b, tile, panelColumns, accumulates: false)
      for i in 0..<rows {
        let destination = c + (row + i) * block.cRowStride
        let source = tile + i * panelColumns
        if block.accumulates {
          for j in 0..<width { destination[j] += source[j] }
        } else {
          for j in 0..<width { destination[j] = source[j] }
        }
      }
      row += rows
      a += block.aTileStride
    }
  }
}

@inline(__always)
private func multiplyTile(
  _ rows: Int, broad: Bool, _ block: MatrixBlock, _ ahead: inout FetchQueue, _ a: UnsafePointer<Float>,
  _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cRowStride: Int, accumulates: Bool
) {
  if broad {
    multiplyRows(BroadRow.self, rows, block, &ahead, a, b, c, cRowStride, accumulates)
  } else {
    multiplyRows(NarrowRow.self, rows, block, &ahead, a, b, c, cRowStride, accumulates)
  }
}

/// Chooses the tile of as many rows as there are.
@inline(__always)
private func multiplyRows<R: MatrixTile>(
  _ row: R.Type, _ rows: Int, _ k: MatrixBlock, _ f: inout FetchQueue, _ a: UnsafePointer<Float>,
  _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ s: Int, _ adds: Bool
) {
  typealias Two = Stack<R, R>
  typealias Three = Stack<Two, R>
  typealias Four = Stack<Two, Two>
  typealias Six = Stack<Four, Two>
  typealias Eight = Stack<Four, Four>
  if tileRows > 6 {
    switch rows {
    case 7: return multiply(Stack<Four, Three>.self, k, &f, a, b, c, s, adds)
    case 8: return multiply(Eight.self, k, &f, a, b, c, s, adds)
    case 9: return multiply(Stack<Eight, R>.self, k, &f, a, b, c, s, adds)
    case 10: return multiply(Stack<Eight, Two>.self, k, &f, a, b, c, s, adds)
    case 11: return multiply(Stack<Eight, Three>.self, k, &f, a, b, c, s, adds)
    case 12: return multiply(Stack<Eight, Four>.self, k, &f, a, b, c, s, adds)
    default: break
    }
  }
  switch rows {
  case 1: multiply(R.self, k, &f, a, b, c, s, adds)
  case 2: multiply(Two.self, k, &f, a, b, c, s, adds)
  case 3: multiply(Three.self, k, &f, a, b, c, s, adds)
  case 4: multiply(Four.self, k, &f, a, b, c, s, adds)
  case 5: multiply(Stack<Four, R>.self, k, &f, a, b, c, s, adds)
  default: multiply(Six.self, k, &f, a, b, c, s, adds)
  }
}

/// The loop that all the time goes into: per step one row of B is loaded and each element of a column of A is
/// broadcast and multiplied into the tile. Meanwhile what comes next is fetched.
@inline(never)
private func multiply<Tile: MatrixTile>(
  _ type: Tile.Type, _ block: MatrixBlock, _ ahead: inout FetchQueue, _ a: UnsafePointer<Float>,
  _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cRowStride: Int, _ accumulates: Bool
) {
  if block.fetchesOutput {
    // A row of two vectors that is not aligned lies in three lines.
    for row in 0..<Tile.rows {
      apus_prefetch_line(c + row * cRowStride)
      if Tile.width > Wide.count { apus_prefetch_line(c + row * cRowStride + Wide.count) }
      apus_prefetch_line(c + row * cRowStride + Tile.width - 1)
    }
  }
  ahead.goOn()
  var tile = Tile()
  if block.aRowStride == 1 {
    accumulate(&tile, block, &ahead.lines, a, AdjacentRows(), b)
  } else {
    accumulate(&tile, block, &ahead.lines, a, SpacedRows(distances: RowDistances(block.aRowStride)), b)
  }
  if accumulates {
    tile.add(to: c, cRowStride)
  } else {
    tile.store(c, cRowStride)
  }
}

@inline(__always)
private func accumulate<Tile: MatrixTile, Rows: TileRows>(
  _ tile: inout Tile, _ block: MatrixBlock, _ ahead: inout LinesAhead, _ a: UnsafePointer<Float>, _ rows: Rows,
  _ b: UnsafePointer<Float>
) {
  var a = a
  var b = b
  let (aDepthStride, bDepthStride) = (block.aDepthStride, block.bDepthStride)
  var steps = block.depth
  if ahead.rows > 0 {
    // Two steps a turn: around four of them the compiler spills the tile.
    for _ in 0..<steps / 2 {
      fetch(&ahead)
      tile.accumulate(a, rows, 0, Tile.columns(b))
      a += aDepthStride
      b += bDepthStride
      tile.accumulate(a, rows, 0, Tile.columns(b))
      a += aDepthStride
      b += bDepthStride
    }
    steps %= 2
  }
  for _ in 0..<steps {
    tile.accumulate(a, rows, 0, Tile.columns(b))
    a += aDepthStride
    b += bDepthStride
  }
}

/// Fetches a line and goes on to the next one, or stays at the last.
///
/// Without branches, around which the compiler would spill the tile too.
@inline(__always)
private func fetch(_ ahead: inout LinesAhead) {
  apus_prefetch_line(ahead.next)
  let endsRow = (ahead.following - 1) >> (Int.bitWidth - 1)
  let nextRow = endsRow & ((1 - ahead.rows) >> (Int.bitWidth - 1))
  ahead.next += (ahead.step & ~endsRow) | (ahead.jump & nextRow)
  ahead.following += ~endsRow + (ahead.perRow & nextRow)
  ahead.rows += endsRow
}
