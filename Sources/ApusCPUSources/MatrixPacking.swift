import ApusCPUKernels
import ApusExpression

/// Copies part of a matrix into panels, by whichever direction is contiguous in memory.
func packPanels(_ panels: MatrixPanels) {
  var first = 0
  var destination = panels.destination
  while first < panels.count {
    let count = min(panels.width, panels.count - first)
    let source = panels.source + first * panels.minorStride
    if panels.minorStride == 1 {
      packRows(panels, source, count, destination)
    } else if panels.depthStride == 1 {
      packTransposed(panels, source, count, destination)
    } else {
      packElements(panels, source, 0..<count, destination)
    }
    for step in 0..<panels.depth where count < panels.width {
      for i in count..<panels.width { destination[step * panels.width + i] = 0 }
    }
    first += count
    destination += panels.panelStride
  }
}

/// The minor direction is contiguous: every step is a copy.
private func packRows(
  _ panels: MatrixPanels, _ source: UnsafePointer<Float>, _ count: Int, _ destination: UnsafeMutablePointer<Float>
) {
  var source = source
  var destination = destination
  if count == panelColumns {
    for _ in 0..<panels.depth {
      Wide.load(source).store(destination)
      Wide.load(source + Wide.count).store(destination + Wide.count)
      source += panels.depthStride
      destination += panels.width
    }
  } else {
    for _ in 0..<panels.depth {
      for i in 0..<count { destination[i] = source[i] }
      source += panels.depthStride
      destination += panels.width
    }
  }
}

/// The summation's direction is contiguous: vectors of four steps are transposed in registers.
private func packTransposed(
  _ panels: MatrixPanels, _ source: UnsafePointer<Float>, _ count: Int, _ destination: UnsafeMutablePointer<Float>
) {
  let whole = count / Wide.count * Wide.count
  let steps = panels.depth / 4 * 4
  var first = 0
  while first < whole {
    let from = source + first * panels.minorStride
    let to = destination + first
    var step = 0
    while step < steps {
      let columns = Wide.transposed(from + step, stride: panels.minorStride)
      let out = to + step * panels.width
      columns.0.store(out)
      columns.1.store(out + panels.width)
      columns.2.store(out + 2 * panels.width)
      columns.3.store(out + 3 * panels.width)
      step += 4
    }
    while step < panels.depth {
      for i in 0..<Wide.count { to[step * panels.width + i] = from[step + i * panels.minorStride] }
      step += 1
    }
    first += Wide.count
  }
  packElements(panels, source, whole..<count, destination)
}

private func packElements(
  _ panels: MatrixPanels, _ source: UnsafePointer<Float>, _ range: Range<Int>,
  _ destination: UnsafeMutablePointer<Float>
) {
  for i in range {
    let from = source + i * panels.minorStride
    for step in 0..<panels.depth { destination[step * panels.width + i] = from[step * panels.depthStride] }
  }
}
