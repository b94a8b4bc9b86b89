/// The operands of picked rows of a sparse matrix.
package struct SparseRowOperands {
  /// `tableRows + 1` row starts.
  package var starts: UnsafePointer<Int32>
  /// `entryCount` floats, words or bytes.
  package var entries: UnsafeRawPointer
  package var element: ChainElement
  package var picks: UnsafePointer<Int32>
  /// `[rows, length]`, floats or, of words, words.
  package var output: UnsafeMutableRawPointer
  package var length: Int
  package var tableRows: Int
  package var entryCount: Int

  package init(
    starts: UnsafePointer<Int32>, entries: UnsafeRawPointer, element: ChainElement, picks: UnsafePointer<Int32>,
    output: UnsafeMutableRawPointer, length: Int, tableRows: Int, entryCount: Int
  ) {
    self.starts = starts
    self.entries = entries
    self.element = element
    self.picks = picks
    self.output = output
    self.length = length
    self.tableRows = tableRows
    self.entryCount = entryCount
  }
}

/// The operands of a sparse matrix times a dense one, or of the gradient of the dense one.
package struct SparseProductOperands {
  /// `[rows, length]`; a negative column ends its row.
  package var columns: UnsafePointer<Int32>
  package var values: UnsafePointer<Float>
  /// The table `[tableRows, width]`, or the product's gradient `[rows, width]`.
  package var dense: UnsafePointer<Float>
  /// The product `[rows, width]`, or the table's gradient.
  package var output: UnsafeMutablePointer<Float>
  package var rows: Int
  package var length: Int
  package var tableRows: Int
  package var width: Int

  package init(
    columns: UnsafePointer<Int32>, values: UnsafePointer<Float>, dense: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, rows: Int, length: Int, tableRows: Int, width: Int
  ) {
    self.columns = columns
    self.values = values
    self.dense = dense
    self.output = output
    self.rows = rows
    self.length = length
    self.tableRows = tableRows
    self.width = width
  }
}

/// One image, what is done to it, and where the result goes.
package struct AugmentationOperands {
  package var source: UnsafePointer<Float>
  package var target: UnsafeMutablePointer<Float>
  package var channels: Int
  package var height: Int
  package var width: Int
  /// What is added to a row and, after mirroring, to a column to find its source.
  package var rowShift: Int
  package var columnShift: Int
  package var isMirrored: Bool
  /// The rows and columns of the hole, clipped to the image.
  package var holeRows: Range<Int>
  package var holeColumns: Range<Int>

  package init(
    source: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>, channels: Int, height: Int, width: Int,
    rowShift: Int, columnShift: Int, isMirrored: Bool, holeRows: Range<Int>, holeColumns: Range<Int>
  ) {
    self.source = source
    self.target = target
    self.channels = channels
    self.height = height
    self.width = width
    self.rowShift = rowShift
    self.columnShift = columnShift
    self.isMirrored = isMirrored
    self.holeRows = holeRows
    self.holeColumns = holeColumns
  }
}
