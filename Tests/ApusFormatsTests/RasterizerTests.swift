import ApusFormats
import Foundation
import Testing

@Suite("Rasterizer")
struct RasterizerTests {
  typealias Point = SIMD2<Double>

  private static let page = Drawing.Rectangle(x: 0, y: 0, width: 8, height: 8)

  /// How much of each pixel of an 8×8 picture is covered, 0 to 1, row by row.
  private func coverage(_ contours: [[Point]], clip: Drawing.Rectangle = page) -> [Double] {
    var rasterizer = Rasterizer(width: 8, height: 8)
    rasterizer.fill(contours, Colour(0, 0, 0), clip: clip)
    return stride(from: 0, to: 8 * 8 * 3, by: 3).map { 1 - Double(rasterizer.bytes[$0]) / 255 }
  }

  private func square(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> [Point] {
    [[left, top], [right, top], [right, bottom], [left, bottom]]
  }

  @Test func wholePixelsAreExact() {
    let covered = coverage([square(2, 1, 5, 4)])
    for row in 0..<8 {
      for column in 0..<8 {
        #expect(covered[row * 8 + column] == (2..<5 ~= column && 1..<4 ~= row ? 1 : 0))
      }
    }
  }

  @Test func partsOfPixelsAreShares() {
    let covered = coverage([square(1.25, 1.5, 2.75, 2.25)])
    #expect(abs(covered[8 + 1] - 0.75 * 0.5) < 0.005)
    #expect(abs(covered[8 + 2] - 0.75 * 0.5) < 0.005)
    #expect(abs(covered[16 + 1] - 0.75 * 0.25) < 0.005)
    #expect(abs(covered.reduce(0.0, +) - 1.5 * 0.75) < 0.01)
  }

  @Test func aTriangleCoversHalfOfItsSquare() {
    let covered = coverage([[[1, 1], [7, 1], [1, 7]]])
    #expect(abs(covered.reduce(0.0, +) - 18) < 0.1)
    // A pixel on the diagonal is covered by half, those on its sides wholly or not at all.
    #expect(abs(covered[3 * 8 + 4] - 0.5) < 0.04)
    #expect(covered[3 * 8 + 3] == 1 && covered[3 * 8 + 5] == 0)
  }

  @Test func circlesHaveTheirArea() {
    for radius in [0.7, 1.5, 3.3] {
      let covered = coverage([StrokeOutline.disc([4.1, 3.9], radius: radius)]).reduce(0.0, +)
      #expect(abs(covered / (.pi * radius * radius) - 1) < 0.03)
    }
  }

  @Test func whatLiesOverOneAnotherCountsOnce() {
    let covered = coverage([square(1, 1, 5, 5), square(3, 3, 7, 7), square(3, 3, 7, 7)])
    let area = covered.reduce(0.0, +)
    #expect(area == 28)
  }

  @Test func linesHaveTheirWidth() {
    func area(_ points: [Point], width: Double) -> Double {
      coverage(StrokeOutline.contours(points, width: width, hasRoundEnds: false)).reduce(0.0, +)
    }
    #expect(abs(area([[1, 4], [7, 4]], width: 1.5) - 9) < 0.1)
    #expect(abs(area([[4, 1], [4, 7]], width: 1.5) - 9) < 0.1)
    // Two arms of four, less the square that both cover, plus a quarter of the disc at the bend.
    let bent = 8 - 0.25 + Double.pi / 16
    #expect(abs(area([[2, 2], [6, 2], [6, 6]], width: 1) - bent) < 0.1)
  }

  @Test func nothingIsDrawnOutside() {
    #expect(coverage([square(-5, -5, 20, 20)]).allSatisfy { $0 == 1 })
    #expect(coverage([square(9, 9, 20, 20)]).allSatisfy { $0 == 0 })
    #expect(coverage([[[-1e9, 3], [1e9, 3], [1e9, 5], [-1e9, 5]]]).reduce(0.0, +) == 16)
    let clipped = coverage([square(0, 0, 8, 8)], clip: Drawing.Rectangle(x: 1.5, y: 2, width: 2, height: 3))
    #expect(abs(clipped.reduce(0.0, +) - 6) < 0.02)
    #expect(abs(clipped[2 * 8 + 1] - 0.5) < 0.005)
  }

  @Test func dashesLeaveGaps() {
    let parts = StrokeOutline.dashed([[0, 0], [3, 0], [3, 7]], [4, 2])
    #expect(parts == [[[0, 0], [3, 0], [3, 1]], [[3, 3], [3, 7]]])
  }
}
