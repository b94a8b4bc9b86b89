import ApusCPUKernels
import ApusExpression
import CPrefetch

/// Transforms tiles of planes.
func expandTiles(_ e: WinogradExpansion) {
  switch (e.tiling.window, e.side) {
  case (3, .input): expand(e, InputExpansion<WinogradOf3>.self)
  case (3, .outputGradient): expand(e, GradientExpansion<WinogradOf3>.self)
  case (_, .input): expand(e, InputExpansion<WinogradOf5>.self)
  case (_, .outputGradient): expand(e, GradientExpansion<WinogradOf5>.self)
  }
}

/// One of the transforms that planes go through.
private protocol Expansion {
  /// The rows and columns of a tile before and behind the transform.
  static var extent: Int { get }
  static var points: Int { get }
  /// The rows and columns from one tile to the next.
  static var distance: Int { get }
  static func transform(_ x: VectorRow, _ v: VectorPlaces)
}

private enum InputExpansion<Transform: WinogradTransform>: Expansion {
  @inline(__always) static var extent: Int { Transform.points }
  @inline(__always) static var distance: Int { Transform.outputs }
  @inline(__always) static var points: Int { Transform.points }
  @inline(__always) static func transform(_ x: VectorRow, _ v: VectorPlaces) { Transform.input(x, v) }
}

private enum GradientExpansion<Transform: WinogradTransform>: Expansion {
  @inline(__always) static var extent: Int { Transform.outputs }
  @inline(__always) static var distance: Int { Transform.outputs }
  @inline(__always) static var points: Int { Transform.points }
  @inline(__always) static func transform(_ x: VectorRow, _ v: VectorPlaces) { Transform.outputGradient(x, v) }
}

/// A band is as many rows of pixels as a tile has, with the channels of one vector side by side. Where the next row of tiles
/// shares rows with it, these move up and only the others are read.
@inline(__always)
private func expand<E: Expansion>(_ e: WinogradExpansion, _ expansion: E.Type) {
  let band = WinogradBand(e)
  let tileColumns = e.tiling.tileColumns
  let halves = band.rows + E.extent * band.rowStride
  var channel = 0
  while channel < e.channels {
    let channels = min(Wide.count, e.channels - channel)
    let planes = e.source + channel * band.plane
    band.prepare(extent: E.extent)
    var tile = e.target + channel
    for row in e.firstRow..<e.firstRow + e.rowCount {
      let pixels = band.pixels(of: row, e, expansion)
      band.read(planes + pixels.offset, rows: pixels.rows, to: E.extent - pixels.rows.count, channels: channels)
      for column in 0..<band.columns {
        let pixels = band.rows + column * Wide.count
        E.transform(
          VectorRow(pixels, step: band.rowStride), VectorPlaces(halves + column * Wide.count, step: band.rowStride))
        for index in 0..<E.extent - E.distance {
          Wide.load(pixels + (index + E.distance) * band.rowStride).store(pixels + index * band.rowStride)
        }
      }
      // What the next row reads is on its way while this one is transformed.
      let next = row + 1 < e.firstRow + e.rowCount ? band.pixels(of: row + 1, e, expansion) : nil
      for tileColumn in 0..<tileColumns {
        if let next {
          for channel in tileColumn * channels / tileColumns..<(tileColumn + 1) * channels / tileColumns {
            band.fetch(planes + next.offset + channel * band.plane, rows: next.rows)
          }
        }
        for point in 0..<E.points {
          E.transform(
            VectorRow(
              halves + point * band.rowStride + tileColumn * E.distance * Wide.count, step: Wide.count),
            VectorPlaces(tile + point * E.points * e.productStride, step: e.productStride))
        }
        tile += e.tileStride
      }
    }
    channel += Wide.count
  }
}

/// The rows of pixels from which a row of tiles is made, with the channels of one vector side by side.
private struct WinogradBand {
  /// The rows, `rowStride` floats apart.
  let rows: UnsafeMutablePointer<Float>
  let rowStride: Int
  /// The columns of a row, zeros at its ends included.
  let columns: Int
  /// Floats of a plane, and its rows and columns.
  let plane: Int
  private let rowPadding: Int
  private let planeRows: Int
  private let planeColumns: Int
  private let columnPadding: Int
  /// The columns of a plane that tiles reach.
  private let count: Int
  /// Some rows of each channel as they lie in the plane, `pitch` floats apart.
  private let channelRows: UnsafeMutablePointer<Float>
  private let pitch: Int

  @inline(__always)
  init(_ e: WinogradExpansion) {
    let t = e.tiling
    switch e.side {
    case .input:
      columns = t.bandColumns
      (rowPadding, columnPadding) = (t.rowPadding, t.columnPadding)
      (planeRows, planeColumns) = (t.inputRows, t.inputColumns)
    case .outputGradient:
      columns = WinogradTiling.extent * t.tileColumns
      (rowPadding, columnPadding) = (0, 0)
      (planeRows, planeColumns) = (t.outputRows, t.outputColumns)
    }
    rowStride = columns * Wide.count
    plane = planeRows * planeColumns
    count = min(planeColumns, columns - columnPadding)
    pitch = t.rowsPitch
    channelRows = e.scratch
    rows = e.scratch + pitch * Wide.count
  }

  /// Makes the rows' zeros: at their ends, and in place of channels that are missing.
  func prepare(extent: Int) {
    rows.update(repeating: 0, count: extent * rowStride)
    channelRows.update(repeating: 0, count: Wide.count * pitch)
  }

  /// What a row of tiles is made from beside what the row before it left: rows of pixels, some of them outside the planes,
  /// and how far the planes of their image lie behind those of the first.
  @inline(__always)
  func pixels<E: Expansion>(
    of row: Int, _ e: WinogradExpansion, _ expansion: E.Type
  ) -> (offset: Int, rows: Range<Int>) {
    let (image, tileRow) = (row / e.tiling.tileRows, row % e.tiling.tileRows)
    let shared = row > e.firstRow && tileRow > 0 ? E.extent - E.distance : 0
    let first = E.distance * tileRow - rowPadding
    return (image * e.imageStride, first + shared..<first + E.extent)
  }

  /// Reads rows of the planes into the band from one of its rows on; there are zeros outside the planes.
  ///
  /// Channel by channel the rows are copied in one piece first: the next pieces are then fetched ahead, and planes a multiple
  /// of four kilobytes apart do not drive each other out of the first-level cache.
  func read(_ planes: UnsafePointer<Float>, rows wanted: Range<Int>, to index: Int, channels: Int) {
    let (first, inside) = inside(wanted)
    if inside > 0 {
      var from = planes + first * planeColumns
      var to = channelRows
      for _ in 0..<channels {
        copyPixels(from, to, inside * planeColumns)
        from += plane
        to += pitch
      }
    }
    for row in wanted {
      let target = rows + (index + row - wanted.lowerBound) * rowStride
      if row >= first, row < first + inside, count > 0 {
        transpose(channelRows + (row - first) * planeColumns, target + columnPadding * Wide.count)
      } else {
        target.update(repeating: 0, count: rowStride)
      }
    }
  }

  /// Has rows of a plane fetched into the cache.
  @inline(__always)
  func fetch(_ plane: UnsafePointer<Float>, rows wanted: Range<Int>) {
    let rows = inside(wanted)
    let place = plane + rows.first * planeColumns
    var index = 0
    while index < rows.count * planeColumns {
      apus_prefetch_line(place + index)
      index += 16
    }
  }

  /// Those of some rows that a plane has.
  @inline(__always)
  private func inside(_ wanted: Range<Int>) -> (first: Int, count: Int) {
    let first = max(wanted.lowerBound, 0)
    return (first, max(min(wanted.upperBound, planeRows) - first, 0))
  }

  /// Four columns at a time; the last ones overlap those before.
  @inline(__always)
  private func transpose(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
    guard count >= 4 else {
      for column in 0..<count {
        for lane in 0..<Wide.count { target[column * Wide.count + lane] = source[lane * pitch + column] }
      }
      return
    }
    var column = 0
    while column < count {
      let first = min(column, count - 4)
      let vectors = Wide.transposed(source + first, stride: pitch)
      let to = target + first * Wide.count
      vectors.0.store(to)
      vectors.1.store(to + Wide.count)
      vectors.2.store(to + 2 * Wide.count)
      vectors.3.store(to + 3 * Wide.count)
      column += 4
    }
  }

  /// Copies pixels and nothing beside them: the last vector overlaps the one before.
  @inline(__always)
  private func copyPixels(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
    if count >= Wide.count {
      let last = count - Wide.count
      var index = 0
      while index < last {
        Wide.load(source + index).store(target + index)
        index += Wide.count
      }
      Wide.load(source + last).store(target + last)
    } else {
      for index in 0..<count { target[index] = source[index] }
    }
  }
}
