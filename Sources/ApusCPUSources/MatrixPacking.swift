import ApusCPUKernels
import ApusExpression

/// Copies part of a matrix into panels, by whichever direction is contiguous in memory.
func packPanels(_ panels: MatrixPanels) {
  if panels.minorStride == 1 {
    // A few steps of all panels, then the next few: so the source is read along its rows.
    var step = 0
    while step < panels.depth {
      let steps = min(8, panels.depth - step)
      forEachPanel(panels) { source, count, destination in
        packRows(
          panels, source + step * panels.depthStride, count, destination + step * panels.width, steps: steps)
      }
      step += steps
    }
  } else if panels.depthStride == 1 {
    forEachPanel(panels) { packTransposed(panels, $0, $1, $2) }
  } else {
    forEachPanel(panels) { packElements(panels, $0, 0..<$1, $2) }
  }
  forEachPanel(panels) { _, count, destination in
    guard count < panels.width else { return }
    for step in 0..<panels.depth {
      for i in count..<panels.width { destination[step * panels.width + i] = 0 }
    }
  }
}

@inline(__always)
private func forEachPanel(
  _ panels: MatrixPanels,
  _ body: (_ source: UnsafePointer<Float>, _ count: Int, _ destination: UnsafeMutablePointer<Float>) -> Void
) {
  var first = 0
  var destination = panels.destination
  while first < panels.count {
    body(panels.source + first * panels.minorStride, min(panels.width, panels.count - first), destination)
    first += panels.width
    destination += panels.panelStride
  }
}

/// The minor direction is contiguous: every step is a copy.
private func packRows(
  _ panels: MatrixPanels, _ source: UnsafePointer<Float>, _ count: Int, _ destination: UnsafeMutablePointer<Float>,
  steps: Int
) {
  // Whole vectors, whose surplus the next step overwrites; the last step is copied exactly.
  let vectors = (count + Wide.count - 1) / Wide.count
  let exact = count % Wide.count == 0 ? 0 : vectors * Wide.count <= 2 * panels.width ? 1 : steps
  var from = source
  var to = destination
  if vectors == 1 {
    for _ in exact..<steps {
      Wide.load(from).store(to)
      from += panels.depthStride
      to += panels.width
    }
  } else {
    for _ in exact..<steps {
      var lane = 0
      while lane < count {
        Wide.load(from + lane).store(to + lane)
        lane += Wide.count
      }
      from += panels.depthStride
      to += panels.width
    }
  }
  for _ in 0..<exact {
    for i in 0..<count { to[i] = from[i] }
    from += panels.depthStride
    to += panels.width
  }
}

/// The summation's direction is contiguous: four steps of several rows are transposed in registers.
private func packTransposed(
  _ panels: MatrixPanels, _ source: UnsafePointer<Float>, _ count: Int, _ destination: UnsafeMutablePointer<Float>
) {
  var first = 0
  while first + Wide.count <= count {
    packTransposed(Wide.self, panels, source + first * panels.minorStride, destination + first)
    first += Wide.count
  }
  while first + Lanes4.count <= count {
    packTransposed(Lanes4.self, panels, source + first * panels.minorStride, destination + first)
    first += Lanes4.count
  }
  packElements(panels, source, first..<count, destination)
}

/// As many rows as a vector has lanes.
@inline(__always)
private func packTransposed<Vector: Lanes>(
  _ type: Vector.Type, _ panels: MatrixPanels, _ source: UnsafePointer<Float>,
  _ destination: UnsafeMutablePointer<Float>
) {
  let (stride, width) = (panels.minorStride, panels.width)
  let whole = panels.depth / 4 * 4
  var step = 0
  while step < whole {
    let columns = Vector.transposed(source + step, stride: stride)
    let to = destination + step * width
    columns.0.store(to)
    columns.1.store(to + width)
    columns.2.store(to + 2 * width)
    columns.3.store(to + 3 * width)
    step += 4
  }
  while step < panels.depth {
    for i in 0..<Vector.count { destination[step * width + i] = source[step + i * stride] }
    step += 1
  }
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
