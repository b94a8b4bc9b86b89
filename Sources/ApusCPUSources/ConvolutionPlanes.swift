import ApusCPUKernels
import ApusExpression

/// Computes any of the three products of a convolution in which every feature reads one channel.
func convolvePlanes(_ c: PlaneConvolution, _ o: PlaneOperands) {
  switch c.product {
  case .forward: convolvePlane(c, o)
  case .inputGradient: gatherPlane(c, o)
  case .weightGradient: sumPlaneWeights(c, o)
  }
}

/// The window's memory: rows of elements, and of sums where they are used.
private struct PlaneWindow {
  let convolution: PlaneConvolution
  let elements: PoolRows
  let sums: PoolSums
  /// A vector for every weight.
  let totals: UnsafeMutablePointer<Float>
  private var window: PoolWindow

  init(_ c: PlaneConvolution, _ scratch: UnsafeMutableRawPointer) {
    let p = c.reach
    convolution = c
    elements = PoolRows(plan: p, ring: scratch.assumingMemoryBound(to: Float.self))
    sums = PoolSums(plan: p, ring: elements.ring + p.ringRows * p.rowCount)
    let lists = sums.ring + p.ringRows * p.sumCount
    window = PoolWindow(p, lists)
    totals = lists + p.phaseCount + 4 * (p.windowRows + p.windowColumns) + 16
  }

  /// The plane's row under a row of the weights at a row of the output; negative outside the plane.
  @inline(__always)
  func inputRow(_ outputRow: Int, _ row: Int) -> Int {
    let inputRow =
      outputRow * convolution.reach.rowStride - convolution.reach.rowPadding + row * convolution.rowDilation
    return inputRow < convolution.reach.rows ? inputRow : -1
  }

  /// Where the elements under a weight begin within a row.
  @inline(__always)
  func column(_ index: Int) -> Int { window.columns[index * convolution.columnDilation] }

  /// Where the sums under a weight begin within a row's.
  @inline(__always)
  func sumColumn(_ index: Int) -> Int { window.sumColumns[index * convolution.columnDilation] }

  /// Takes apart the rows up to those under a row of the output.
  @inline(__always)
  func enter(_ input: UnsafePointer<Float>, _ outputRow: Int, _ next: inout Int) {
    let p = convolution.reach
    let (first, last) = p.rows(under: outputRow)
    next = max(next, first)
    while next < last {
      elements.split(input + next * p.columns, next, padding: 0)
      next += 1
    }
  }
}

/// One plane of the output.
private func convolvePlane(_ c: PlaneConvolution, _ o: PlaneOperands) {
  let p = c.reach
  let window = PlaneWindow(c, o.scratch)
  window.elements.prepare(padding: 0)
  let limit = o.output + p.outputRows * p.outputColumns
  var next = 0
  for row in 0..<p.outputRows {
    window.enter(o.input, row, &next)
    let target = o.output + row * p.outputColumns
    var column = 0
    while column < p.outputColumns {
      var sum: Wide = 0
      for weightRow in 0..<c.rows {
        let inputRow = window.inputRow(row, weightRow)
        if inputRow < 0 { continue }
        let elements = window.elements.row(inputRow) + column
        let weights = o.weights + weightRow * c.columns
        for index in 0..<c.columns {
          sum = .multiplyAdd(Wide(splat: weights[index]), .load(elements + window.column(index)), sum)
        }
      }
      storeRow(sum, target + column, p.outputColumns - column, limit: limit)
      column += Wide.count
    }
  }
}

/// One plane of the input's gradient: what each of its features sends back is added up.
private func gatherPlane(_ c: PlaneConvolution, _ o: PlaneOperands) {
  let p = c.reach
  let window = PlaneWindow(c, o.scratch)
  window.sums.prepare()
  let limit = o.input + p.rows * p.columns
  let outputPlane = p.outputRows * p.outputColumns
  var next = 0
  var written = 0
  func write(_ end: Int) {
    while written < end {
      let row = o.input + written * p.columns
      if written < next {
        window.sums.join(written, row, limit: limit)
      } else {
        row.update(repeating: 0, count: p.columns)
      }
      written += 1
    }
  }
  for row in 0..<p.outputRows {
    let (first, last) = p.rows(under: row)
    write(first)
    next = max(next, first)
    while next < last {
      (window.sums.row(next) - p.sumLead).update(repeating: 0, count: p.sumCount)
      next += 1
    }
    for feature in 0..<o.features {
      let gradients = o.output + feature * outputPlane + row * p.outputColumns
      var column = 0
      while column < p.outputColumns {
        let g = firstLanes(.load(gradients + column), p.outputColumns - column, else: 0)
        for weightRow in 0..<c.rows {
          let inputRow = window.inputRow(row, weightRow)
          if inputRow < 0 { continue }
          let sums = window.sums.row(inputRow) + column
          let weights = o.weights + (feature * c.rows + weightRow) * c.columns
          for index in 0..<c.columns {
            let sum = sums + window.sumColumn(index)
            Wide.multiplyAdd(Wide(splat: weights[index]), g, .load(sum)).store(sum)
          }
        }
        column += Wide.count
      }
    }
  }
  write(p.rows)
}

/// The gradient of one feature's weights.
private func sumPlaneWeights(_ c: PlaneConvolution, _ o: PlaneOperands) {
  let p = c.reach
  let window = PlaneWindow(c, o.scratch)
  window.elements.prepare(padding: 0)
  let count = c.rows * c.columns
  window.totals.update(repeating: 0, count: count * Wide.count)
  for image in 0..<o.images {
    let input = UnsafePointer(o.input) + image * o.inputImage
    let gradients = UnsafePointer(o.output) + image * o.outputImage
    var next = 0
    for row in 0..<p.outputRows {
      window.enter(input, row, &next)
      for weightRow in 0..<c.rows {
        let inputRow = window.inputRow(row, weightRow)
        if inputRow < 0 { continue }
        let elements = window.elements.row(inputRow)
        for index in 0..<c.columns {
          let total = window.totals + (weightRow * c.columns + index) * Wide.count
          var sum = Wide.load(total)
          var column = 0
          while column < p.outputColumns {
            let g = firstLanes(
              .load(gradients + row * p.outputColumns + column), p.outputColumns - column, else: 0)
            sum = .multiplyAdd(g, .load(elements + window.column(index) + column), sum)
            column += Wide.count
          }
          sum.store(total)
        }
      }
    }
  }
  for index in 0..<count { o.weights[index] = Wide.load(window.totals + index * Wide.count).sum }
}
