import ApusCompiler

/// Sparse rows and their products one element at a time, in double precision. Operands are read by index.
package enum SparseReference {
  package typealias Operand = (Int) -> Double

  package static func rows(_ k: SparseRowsKernel, _ starts: Operand, _ entries: Operand, _ picks: Operand, fill: Double)
    -> [Double]
  {
    Grid([k.rows, k.length]).map { place in
      let row = min(max(Int(picks(place[0])), 0), k.tableRows - 1)
      let entry = Int(starts(row)) + place[1]
      return entry < Int(starts(row + 1)) ? entries(entry) : fill
    }
  }

  private static func forEachEntry(
    _ k: SparseProductKernel, _ columns: Operand, _ body: (_ row: Int, _ entry: Int, _ column: Int) -> Void
  ) {
    for row in 0..<k.rows {
      for entry in row * k.length..<(row + 1) * k.length {
        let column = Int(columns(entry))
        if column < 0 { break }
        body(row, entry, min(column, k.tableRows - 1))
      }
    }
  }

  package static func product(_ k: SparseProductKernel, _ columns: Operand, _ values: Operand, _ table: Operand)
    -> [Double]
  {
    var result = [Double](repeating: 0, count: k.rows * k.columns)
    forEachEntry(k, columns) { row, entry, column in
      for h in 0..<k.columns { result[row * k.columns + h] += values(entry) * table(column * k.columns + h) }
    }
    return result
  }

  package static func gradient(_ k: SparseProductKernel, _ columns: Operand, _ values: Operand, _ upstream: Operand)
    -> [Double]
  {
    var result = [Double](repeating: 0, count: k.tableRows * k.columns)
    forEachEntry(k, columns) { row, entry, column in
      for h in 0..<k.columns { result[column * k.columns + h] += values(entry) * upstream(row * k.columns + h) }
    }
    return result
  }
}
