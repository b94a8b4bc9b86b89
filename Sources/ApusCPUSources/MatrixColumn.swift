import ApusCPUKernels
import ApusExpression

/// Multiplies rows of A, contiguous along the summation, with one column: dot products, four rows at a time so that
/// the column is loaded once for all of them.
func multiplyColumn(_ block: MatrixBlock) {
  let stride = block.aRowStride
  var row = 0
  while row + 4 <= block.rows {
    let a = rowPointer(block, row)
    if row % tileRows + 4 <= tileRows {
      var s0 = DotProduct()
      var s1 = DotProduct()
      var s2 = DotProduct()
      var s3 = DotProduct()
      var step = 0
      while step + 2 * Wide.count <= block.depth {
        let x0 = Wide.load(block.b + step)
        let x1 = Wide.load(block.b + step + Wide.count)
        s0.add(a + step, x0, x1)
        s1.add(a + stride + step, x0, x1)
        s2.add(a + 2 * stride + step, x0, x1)
        s3.add(a + 3 * stride + step, x0, x1)
        step += 2 * Wide.count
      }
      store(s0.total(a, block.b, step..<block.depth), block, row)
      store(s1.total(a + stride, block.b, step..<block.depth), block, row + 1)
      store(s2.total(a + 2 * stride, block.b, step..<block.depth), block, row + 2)
      store(s3.total(a + 3 * stride, block.b, step..<block.depth), block, row + 3)
      row += 4
    } else {
      multiplySingle(block, row)
      row += 1
    }
  }
  while row < block.rows {
    multiplySingle(block, row)
    row += 1
  }
}

/// One row, in the same order of additions as in a group of four.
@inline(__always)
private func multiplySingle(_ block: MatrixBlock, _ row: Int) {
  let a = rowPointer(block, row)
  var sum = DotProduct()
  var step = 0
  while step + 2 * Wide.count <= block.depth {
    sum.add(a + step, .load(block.b + step), .load(block.b + step + Wide.count))
    step += 2 * Wide.count
  }
  store(sum.total(a, block.b, step..<block.depth), block, row)
}

@inline(__always)
private func rowPointer(_ block: MatrixBlock, _ row: Int) -> UnsafePointer<Float> {
  block.a + row / tileRows * block.aTileStride + row % tileRows * block.aRowStride
}

@inline(__always)
private func store(_ value: Float, _ block: MatrixBlock, _ row: Int) {
  let c = block.c + row * block.cRowStride
  c.pointee = block.accumulates ? c.pointee + value : value
}

/// The sum of products of two vectors a step.
private struct DotProduct {
  var s0: Wide = 0
  var s1: Wide = 0

  @inline(__always)
  mutating func add(_ a: UnsafePointer<Float>, _ x0: Wide, _ x1: Wide) {
    s0 = .multiplyAdd(.load(a), x0, s0)
    s1 = .multiplyAdd(.load(a + Wide.count), x1, s1)
  }

  /// The sum of all lanes and of the products that did not fill a vector.
  @inline(__always)
  func total(_ a: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ rest: Range<Int>) -> Float {
    var sum = (s0 + s1).sum
    for step in rest { sum += a[step] * x[step] }
    return sum
  }
}
