import ApusCPUKernels
import ApusExpression

/// The elements under the window in one row of the output: for the window's row i and column j those of all positions
/// follow one another at `rows[i] + columns[j]`.
struct PoolWindow {
  /// Where the rows' elements begin, and their sums.
  let rows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  let sums: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// Floats from a row's beginning.
  let columns: UnsafeMutablePointer<Int>
  let columnCount: Int
  /// The window's rows that are not padding.
  private(set) var rowCount = 0

  /// Lays out the lists in memory.
  init(_ p: PoolPlan, _ memory: UnsafeMutablePointer<Float>) {
    rows = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UnsafeMutablePointer<Float>.self)
    sums = rows + p.windowRows
    columns = UnsafeMutableRawPointer(sums + p.windowRows).assumingMemoryBound(to: Int.self)
    columnCount = p.windowColumns
    for column in 0..<p.windowColumns {
      columns[column] = column % p.columnStride * p.phaseCount + column / p.columnStride
    }
  }

  /// Moves to some rows of the input.
  @inline(__always)
  mutating func move(_ elements: PoolRows, _ sums: PoolRows, _ first: Int, _ last: Int) {
    rowCount = last - first
    for index in 0..<rowCount {
      rows[index] = elements.row(first + index)
      self.sums[index] = sums.row(first + index)
    }
  }
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

extension PoolWindow {
  /// The largest element under each of a vector's positions, NaN where one is.
  @inline(__always)
  func largest(_ column: Int) -> Wide {
    // The common windows without loops.
    if rowCount == 2, columnCount == 2 { return largest(2, 2, column) }
    if rowCount == 3, columnCount == 3 { return largest(3, 3, column) }
    return largest(rowCount, columnCount, column)
  }

  @inline(__always)
  private func largest(_ rowCount: Int, _ columnCount: Int, _ column: Int) -> Wide {
    var result = Wide(-Double.infinity)
    for row in 0..<rowCount {
      let elements = rows[row] + column
      for index in 0..<columnCount {
        let element = Wide.load(elements + columns[index])
        // The larger of the two, or NaN where the element is; NaN in the result stays.
        result = Wide.select(Wide.lessOrEqual(element, result), result, element)
      }
    }
    return result
  }

  /// The sum under each of a vector's positions.
  @inline(__always)
  func sum(_ column: Int) -> Wide {
    var result: Wide = 0
    for row in 0..<rowCount {
      let elements = rows[row] + column
      for index in 0..<columnCount { result = result + .load(elements + columns[index]) }
    }
    return result
  }

  /// Adds each gradient to the first element that equals the largest.
  @inline(__always)
  func add(_ gradients: Wide, toFirst largest: Wide, _ column: Int) {
    if rowCount == 2, columnCount == 2 { return add(gradients, toFirst: largest, 2, 2, column) }
    if rowCount == 3, columnCount == 3 { return add(gradients, toFirst: largest, 3, 3, column) }
    add(gradients, toFirst: largest, rowCount, columnCount, column)
  }

  @inline(__always)
  private func add(_ gradients: Wide, toFirst largest: Wide, _ rowCount: Int, _ columnCount: Int, _ column: Int) {
    var rest = gradients
    for row in 0..<rowCount {
      let (elements, sums) = (rows[row] + column, sums[row] + column)
      for index in 0..<columnCount {
        let isLargest = Wide.equal(.load(elements + columns[index]), largest)
        let sum = sums + columns[index]
        (Wide.load(sum) + Wide.select(isLargest, rest, 0)).store(sum)
        rest = Wide.select(isLargest, 0, rest)
      }
    }
  }

  /// Adds a vector to the sums of all elements.
  @inline(__always)
  func add(_ gradients: Wide, _ column: Int) {
    for row in 0..<rowCount {
      let sums = sums[row] + column
      for index in 0..<columnCount {
        let sum = sums + columns[index]
        (Wide.load(sum) + gradients).store(sum)
      }
    }
  }
}
