import ApusCPUKernels
import ApusExpression

/// A tile of C held in registers: some rows, each a fixed number of vectors wide.
///
/// Tiles of more rows are stacked from smaller ones by type, so the compiler sees plain local variables and
/// keeps each in a register.
protocol MatrixTile {
  /// One row of B, as many vectors as the tile is wide.
  associatedtype Columns

  /// The number of rows.
  static var rows: Int { get }

  /// The floats of a row.
  static var width: Int { get }

  /// A tile of zeros.
  init()

  static func columns(_ b: UnsafePointer<Float>) -> Columns

  /// Adds the outer product of a column of A and a row of B; the tile's first row is the given one of the column.
  mutating func accumulate<Rows: TileRows>(_ a: UnsafePointer<Float>, _ rows: Rows, _ first: Int, _ b: Columns)

  func store(_ c: UnsafeMutablePointer<Float>, _ rowStride: Int)

  func add(to c: UnsafeMutablePointer<Float>, _ rowStride: Int)
}

/// Where the rows of a tile's column lie.
protocol TileRows {
  /// The floats from the first row to another.
  func offset(_ row: Int) -> Int
}

/// Rows one behind the other.
struct AdjacentRows: TileRows {
  @inline(__always) func offset(_ row: Int) -> Int { row }
}

/// Rows at a distance.
struct SpacedRows: TileRows {
  let distances: RowDistances

  @inline(__always)
  func offset(_ row: Int) -> Int {
    let group =
      switch row / 4 {
      case 0: 0
      case 1: distances.four
      case 2: distances.eight
      default: distances.twelve
      }
    return switch row % 4 {
    case 0: group
    case 1: group + distances.one
    case 2: group + 2 * distances.one
    default: group + distances.three
    }
  }
}

/// One row of one vector.
struct NarrowRow: MatrixTile {
  var c0: Wide = 0

  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { Wide.count }

  @inline(__always) static func columns(_ b: UnsafePointer<Float>) -> Wide { .load(b) }

  @inline(__always)
  mutating func accumulate<Rows: TileRows>(_ a: UnsafePointer<Float>, _ rows: Rows, _ first: Int, _ b: Wide) {
    c0 = .multiplyAdd(Wide(splat: a[rows.offset(first)]), b, c0)
  }

  @inline(__always)
  func store(_ c: UnsafeMutablePointer<Float>, _ rowStride: Int) { c0.store(c) }

  @inline(__always)
  func add(to c: UnsafeMutablePointer<Float>, _ rowStride: Int) { (.load(c) + c0).store(c) }
}

/// One row of two vectors.
struct BroadRow: MatrixTile {
  var c0: Wide = 0
  var c1: Wide = 0

  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { 2 * Wide.count }

  @inline(__always)
  static func columns(_ b: UnsafePointer<Float>) -> (Wide, Wide) { (.load(b), .load(b + Wide.count)) }

  @inline(__always)
  mutating func accumulate<Rows: TileRows>(
    _ a: UnsafePointer<Float>, _ rows: Rows, _ first: Int, _ b: (Wide, Wide)
  ) {
    let x = Wide(splat: a[rows.offset(first)])
    c0 = .multiplyAdd(x, b.0, c0)
    c1 = .multiplyAdd(x, b.1, c1)
  }

  @inline(__always)
  func store(_ c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    c0.store(c)
    c1.store(c + Wide.count)
  }

  @inline(__always)
  func add(to c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    (.load(c) + c0).store(c)
    (.load(c + Wide.count) + c1).store(c + Wide.count)
  }
}

/// One tile above another.
struct Stack<Top: MatrixTile, Bottom: MatrixTile>: MatrixTile where Top.Columns == Bottom.Columns {
  var top = Top()
  var bottom = Bottom()

  @inline(__always) static var rows: Int { Top.rows + Bottom.rows }
  @inline(__always) static var width: Int { Top.width }

  @inline(__always) static func columns(_ b: UnsafePointer<Float>) -> Top.Columns { Top.columns(b) }

  @inline(__always)
  mutating func accumulate<Rows: TileRows>(
    _ a: UnsafePointer<Float>, _ rows: Rows, _ first: Int, _ b: Top.Columns
  ) {
    top.accumulate(a, rows, first, b)
    bottom.accumulate(a, rows, first + Top.rows, b)
  }

  @inline(__always)
  func store(_ c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    top.store(c, rowStride)
    bottom.store(c + Top.rows * rowStride, rowStride)
  }

  @inline(__always)
  func add(to c: UnsafeMutablePointer<Float>, _ rowStride: Int) {
    top.add(to: c, rowStride)
    bottom.add(to: c + Top.rows * rowStride, rowStride)
  }
}
