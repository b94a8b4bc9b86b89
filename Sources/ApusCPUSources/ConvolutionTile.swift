import ApusCPUKernels
import ApusExpression

/// The most rows of a register tile of two vectors: what the registers hold beside two vectors of the packed operand
/// and one of the source.
let broadTileRows = tileRows > 6 ? 14 : 6

/// The most rows of a register tile of one vector.
let narrowTileRows = tileRows > 6 ? 16 : 12

/// The terms of a tile's sums: a run of neighbouring terms for every pair of a row step and a column step.
struct ConvolutionTerms {
  var rowSteps: UnsafePointer<ConvolutionStep>
  var rowCount: Int
  var columnSteps: UnsafePointer<ConvolutionStep>
  var columnCount: Int
  /// The terms of a run, and the floats of the source and the rows of the packed operand from one to the next.
  var depth: Int
  var sourceDepth: Int
  var packedDepth: Int
  /// Floats of the source between the tile's rows.
  var sourceStep: Int
}

/// A tile's operands.
struct ConvolutionOperands {
  var source: UnsafePointer<Float>
  var packed: UnsafePointer<Float>
  var target: UnsafeMutablePointer<Float>
  var targetStride: Int
  var accumulates: Bool
}

/// Computes a tile of two vectors.
@inline(__always)
func sumBroad(_ rows: Int, _ t: ConvolutionTerms, _ o: ConvolutionOperands) {
  typealias R = BroadRow
  typealias Two = Stack<R, R>
  typealias Three = Stack<Two, R>
  typealias Four = Stack<Two, Two>
  typealias Six = Stack<Four, Two>
  typealias Eight = Stack<Four, Four>
  typealias Twelve = Stack<Eight, Four>
  if broadTileRows > 6 {
    switch rows {
    case 7: return sum(Stack<Four, Three>.self, t, o)
    case 8: return sum(Eight.self, t, o)
    case 9: return sum(Stack<Eight, R>.self, t, o)
    case 10: return sum(Stack<Eight, Two>.self, t, o)
    case 11: return sum(Stack<Eight, Three>.self, t, o)
    case 12: return sum(Twelve.self, t, o)
    case 13: return sum(Stack<Twelve, R>.self, t, o)
    case 14: return sum(Stack<Twelve, Two>.self, t, o)
    default: break
    }
  }
  switch rows {
  case 1: sum(R.self, t, o)
  case 2: sum(Two.self, t, o)
  case 3: sum(Three.self, t, o)
  case 4: sum(Four.self, t, o)
  case 5: sum(Stack<Four, R>.self, t, o)
  default: sum(Six.self, t, o)
  }
}

/// Computes a tile of one vector.
@inline(__always)
func sumNarrow(_ rows: Int, _ t: ConvolutionTerms, _ o: ConvolutionOperands) {
  typealias R = NarrowRow
  typealias Two = Stack<R, R>
  typealias Three = Stack<Two, R>
  typealias Four = Stack<Two, Two>
  typealias Six = Stack<Four, Two>
  typealias Eight = Stack<Four, Four>
  typealias Twelve = Stack<Eight, Four>
  if narrowTileRows > 12 {
    switch rows {
    case 13: return sum(Stack<Twelve, R>.self, t, o)
    case 14: return sum(Stack<Twelve, Two>.self, t, o)
    case 15: return sum(Stack<Twelve, Three>.self, t, o)
    case 16: return sum(Stack<Twelve, Four>.self, t, o)
    default: break
    }
  }
  switch rows {
  case 1: sum(R.self, t, o)
  case 2: sum(Two.self, t, o)
  case 3: sum(Three.self, t, o)
  case 4: sum(Four.self, t, o)
  case 5: sum(Stack<Four, R>.self, t, o)
  case 6: sum(Six.self, t, o)
  case 7: sum(Stack<Four, Three>.self, t, o)
  case 8: sum(Eight.self, t, o)
  case 9: sum(Stack<Eight, R>.self, t, o)
  case 10: sum(Stack<Eight, Two>.self, t, o)
  case 11: sum(Stack<Eight, Three>.self, t, o)
  default: sum(Twelve.self, t, o)
  }
}

/// The loop that all the time goes into: per term one row of the packed operand is loaded, and each of the tile's sources
/// is broadcast and multiplied into the tile.
@inline(never)
private func sum<Tile: MatrixTile>(_ type: Tile.Type, _ t: ConvolutionTerms, _ o: ConvolutionOperands) {
  var tile = Tile()
  if t.sourceStep == 1 {
    accumulate(&tile, t, o, 1)
  } else {
    accumulate(&tile, t, o, t.sourceStep)
  }
  if o.accumulates {
    tile.add(to: o.target, o.targetStride)
  } else {
    tile.store(o.target, o.targetStride)
  }
}

/// All terms in one loop: the tile would leave the registers between the runs of nested ones.
@inline(__always)
private func accumulate<Tile: MatrixTile>(
  _ tile: inout Tile, _ t: ConvolutionTerms, _ o: ConvolutionOperands, _ sourceStep: Int
) {
  guard t.rowCount > 0, t.columnCount > 0, t.depth > 0 else { return }
  let sourceDepth = t.sourceDepth
  let packedDepth = t.packedDepth * Tile.width
  var rowStep = t.rowSteps
  let lastRowStep = t.rowSteps + (t.rowCount - 1)
  var columnStep = t.columnSteps
  let lastColumnStep = t.columnSteps + (t.columnCount - 1)
  var a = o.source + (rowStep.pointee.source + columnStep.pointee.source)
  var b = o.packed + (rowStep.pointee.packed + columnStep.pointee.packed) * Tile.width
  var left = t.depth
  while true {
    tile.accumulate(a, sourceStep, Tile.columns(b))
    a += sourceDepth
    b += packedDepth
    left -= 1
    if left == 0 {
      if columnStep == lastColumnStep {
        if rowStep == lastRowStep { break }
        rowStep += 1
        columnStep = t.columnSteps
      } else {
        columnStep += 1
      }
      a = o.source + (rowStep.pointee.source + columnStep.pointee.source)
      b = o.packed + (rowStep.pointee.packed + columnStep.pointee.packed) * Tile.width
      left = t.depth
    }
  }
}
