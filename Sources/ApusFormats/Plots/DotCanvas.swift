/// A grid of character cells on which curves are drawn, in eight dots a cell or one.
struct DotCanvas {
  private let columns: Int
  private let rows: Int
  private let isFine: Bool
  /// The dots of each cell, as the bits of Unicode's Braille patterns.
  private var dots: [UInt8]
  /// The pen that drew in each cell last.
  private var pens: [Int?]

  init(columns: Int, rows: Int, isFine: Bool) {
    self.columns = columns
    self.rows = rows
    self.isFine = isFine
    dots = [UInt8](repeating: 0, count: columns * rows)
    pens = [Int?](repeating: nil, count: columns * rows)
  }

  private var dotColumns: Int { isFine ? columns * 2 : columns }
  private var dotRows: Int { isFine ? rows * 4 : rows }

  /// Draws straight lines between places, given as fractions from the lower left corner; what lies outside is left
  /// out.
  mutating func draw(_ places: [SIMD2<Double>], pen: Int) {
    let size = SIMD2(Double(dotColumns - 1), Double(dotRows - 1))
    let points = places.map { place in
      // Places far above or below the canvas are brought near it, or a line to them would take long to draw.
      SIMD2(place.x, 1 - min(max(place.y, -2), 3)) * size
    }
    for (index, point) in points.enumerated() {
      let start = index == 0 ? point : points[index - 1]
      let difference = point - start
      let steps = max(Int(max(abs(difference.x), abs(difference.y)).rounded(.up)), 1)
      for step in 0...steps { mark(start + difference * (Double(step) / Double(steps)), pen: pen) }
    }
  }

  private mutating func mark(_ point: SIMD2<Double>, pen: Int) {
    let (column, row) = (Int(point.x.rounded()), Int(point.y.rounded()))
    guard 0..<dotColumns ~= column, 0..<dotRows ~= row else { return }
    guard isFine else {
      dots[row * columns + column] = 1
      pens[row * columns + column] = pen
      return
    }
    let cell = row / 4 * columns + column / 2
    let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    dots[cell] |= bits[row % 4][column % 2]
    pens[cell] = pen
  }

  /// The canvas as text, row by row; `ink` gives what stands in a cell for the pen and the dots in it.
  func lines(ink: (_ pen: Int, _ dots: String) -> String) -> [String] {
    (0..<rows).map { row in
      var line = ""
      var gap = 0
      for column in 0..<columns {
        let cell = row * columns + column
        guard let pen = pens[cell] else {
          gap += 1
          continue
        }
        line += String(repeating: " ", count: gap)
        gap = 0
        line += ink(pen, String(UnicodeScalar(0x2800 + UInt32(dots[cell])) ?? " "))
      }
      return line
    }
  }
}
