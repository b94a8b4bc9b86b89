/// How rows x columns of pointwise work are dealt out to work-items.
struct WorkSplit {
  /// The floats of a vector load.
  let width: Int
  let rowsPerItem: Int
  let columnsPerItem: Int
  let groups: [Int]
  let local: [Int]
  private let rows: Int
  private let columns: Int

  /// The most work-items for each unit of a wide device: with few, one unit gets more of them than another.
  static let itemsPerUnit = 16
  /// The elements that a work-item of a wide device should have at least, so that starting it costs little beside.
  private static let elementsPerItem = 8192

  init(_ device: OpenCLDevice, rows: Int, columns: Int, isVector: Bool) {
    self.rows = rows
    self.columns = columns
    switch device.style {
    case .wide:
      width = isVector ? (columns >= 16 ? 16 : columns >= 4 ? 4 : 1) : 1
      let items = min(max(1, rows * columns / WorkSplit.elementsPerItem), WorkSplit.itemsPerUnit * device.computeUnits)
      let rowItems = min(rows, items)
      let columnItems = max(1, items / max(rowItems, 1))
      rowsPerItem = max(1, rows.divided(by: rowItems))
      // Whole cache lines, so that no two work-items write to one.
      columnsPerItem = max(1, columns.divided(by: columnItems).divided(by: 64) * 64)
      local = [1, 1]
    case .tiled:
      width = isVector && columns % 4 == 0 ? 4 : 1
      rowsPerItem = max(1, rows.divided(by: 65_535 * 4))
      columnsPerItem = width
      let limit = min(256, device.largestWorkGroup)
      var across = 1
      while across < limit && across * width < columns { across *= 2 }
      local = [across, max(1, min(limit / across, rows.roundedUpToPowerOfTwo))]
    }
    groups = [
      columns.divided(by: columnsPerItem).divided(by: local[0]), rows.divided(by: rowsPerItem).divided(by: local[1]),
    ]
  }

  /// The arguments that the templates declare themselves: rows, columns, rows_per_item, columns_per_item.
  var arguments: [KernelArgument] {
    [rows, columns, rowsPerItem, columnsPerItem].map { .uint(UInt32(clamping: $0)) }
  }
}

extension Int {
  /// The quotient rounded up.
  func divided(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
