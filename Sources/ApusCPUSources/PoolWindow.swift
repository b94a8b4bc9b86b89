import ApusCPUKernels
import ApusExpression

/// The elements under the window in one row of the output: for the window's row i and column j those of all positions
/// follow one another at `rows[i] + columns[j]`.
struct PoolWindow {
  /// Where the rows' elements begin, and their sums.
  let rows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  let sums: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// Floats from a row's beginning, and from its sums'.
  let columns: UnsafeMutablePointer<Int>
  let sumColumns: UnsafeMutablePointer<Int>
  let columnCount: Int
  /// The window's rows that are not padding, and how many of them come first that an earlier row has added to.
  private(set) var rowCount = 0
  private(set) var oldRows = 0

  /// Lays out the lists in memory.
  init(_ p: PoolPlan, _ memory: UnsafeMutablePointer<Float>) {
    rows = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UnsafeMutablePointer<Float>.self)
    sums = rows + p.windowRows
    columns = UnsafeMutableRawPointer(sums + p.windowRows).assumingMemoryBound(to: Int.self)
    sumColumns = columns + p.windowColumns
    columnCount = p.windowColumns
    for column in 0..<p.windowColumns {
      columns[column] = column % p.columnStride * p.phaseCount + column / p.columnStride
      sumColumns[column] = column * p.sumPitch
    }
  }

  /// Moves to some rows of the input.
  @inline(__always)
  mutating func move(_ elements: PoolRows, _ first: Int, _ last: Int) {
    rowCount = last - first
    for index in 0..<rowCount { rows[index] = elements.row(first + index) }
  }

  /// Moves to some rows of the input, with their sums; those from `next` on have none yet.
  @inline(__always)
  mutating func move(_ elements: PoolRows, _ sums: PoolSums, _ first: Int, _ last: Int, next: Int) {
    move(elements, first, last)
    oldRows = max(0, next - first)
    for index in 0..<rowCount { self.sums[index] = sums.row(first + index) }
  }
}

/// How many of the window's rows and columns there are: a type of its own for the common windows, whose loops the
/// compiler then unrolls.
protocol PoolExtent {
  var rows: Int { get }
  var columns: Int { get }
}

struct TwoByTwo: PoolExtent {
  @inline(__always) var rows: Int { 2 }
  @inline(__always) var columns: Int { 2 }
}

struct ThreeByThree: PoolExtent {
  @inline(__always) var rows: Int { 3 }
  @inline(__always) var columns: Int { 3 }
}

struct AnyExtent: PoolExtent {
  let rows: Int
  let columns: Int
}

extension PoolPlan {
  /// The rows of the input under a row of the output.
  @inline(__always)
  func rows(under row: Int) -> (first: Int, last: Int) {
    let first = row * rowStride - rowPadding
    return (max(first, 0), min(first + windowRows, rows))
  }

  /// One over how many of the window's rows count.
  @inline(__always)
  func rowShare(_ inside: Int) -> Float { 1 / Float(countsPadding ? windowRows : max(inside, 1)) }

  /// For every column of the output, one over how many of the window's columns count.
  func fillShares(_ shares: UnsafeMutablePointer<Float>) {
    for column in 0..<phaseCount {
      let first = column * columnStride - columnPadding
      let inside = min(first + windowColumns, columns) - max(first, 0)
      shares[column] = 1 / Float(countsPadding ? windowColumns : max(inside, 1))
    }
  }
}
