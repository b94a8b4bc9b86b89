import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Contours")
struct ContourTests {
  /// The area within outlines, as a share of the plot; holes count against it.
  private func area(_ outlines: [[SIMD2<Double>]]) -> Double {
    outlines.reduce(0) { sum, outline in
      sum
        + outline.indices.reduce(0) { part, index in
          let (a, b) = (outline[index], outline[(index + 1) % outline.count])
          return part + (a.x * b.y - b.x * a.y) / 2
        }
    }
  }

  private func plot(_ function: (Double, Double) -> Double) -> ContourPlot {
    ContourPlot(x: -1...1, y: -1...1, levels: [], resolution: 100, function: function)
  }

  @Test func aSlopeIsCutStraight() {
    let outlines = plot { x, _ in x }.outlines(atLeast: 0.5)
    #expect(outlines.count == 1)
    #expect(abs(area(outlines) - 0.25) < 1e-9)
    #expect(outlines.joined().allSatisfy { $0.x >= 0.75 - 1e-9 })
    #expect(outlines.joined().count < 40)
  }

  @Test func aBowlHasAHole() {
    let outlines = plot { $0 * $0 + $1 * $1 }.outlines(atLeast: 0.49)
    #expect(outlines.count == 2)
    #expect(abs(area(outlines) - (1 - .pi * 0.49 / 4)) < 2e-3)
  }

  @Test func aboveAllAndBelowAll() {
    #expect(plot { x, _ in x }.outlines(atLeast: 2).isEmpty)
    #expect(abs(area(plot { x, _ in x }.outlines(atLeast: -2)) - 1) < 1e-9)
    #expect(abs(area(plot { x, _ in x < 0 ? .nan : .infinity }.outlines(atLeast: 1)) - 1) < 1e-9)
  }

  @Test func aSaddleMeetsItsNeighbours() {
    let outlines = plot { $0 * $1 }.outlines(atLeast: 0)
    #expect(abs(area(outlines) - 0.5) < 0.01)
    #expect(outlines.joined().allSatisfy { 0...1 ~= $0.x && 0...1 ~= $0.y })
  }

  @Test func levelsAreAtEqualRatios() {
    let levels = ContourPlot.logarithmicLevels(from: 0.01, to: 1, perDecade: 2)
    #expect(levels.count == 5)
    for (level, expected) in zip(levels, [0.01, 0.0316228, 0.1, 0.316228, 1]) {
      #expect(abs(level / expected - 1) < 1e-5)
    }
    #expect(ContourPlot.logarithmicLevels(from: 0, to: 1).isEmpty)
  }
}

@Suite("Figures")
struct FigureTests {
  private func curve(_ name: String, _ points: [SIMD2<Double>], diverged: Bool = false) -> ChartSeries {
    ChartSeries(name, points: points, hasMarkers: true, marksDiverged: diverged)
  }

  private func panel(_ title: String, _ series: [ChartSeries]) -> FigurePanel {
    FigurePanel(title: title, x: ChartAxis("epochs"), y: ChartAxis("training cost (nats)"), series: series)
  }

  @Test func panelsShareAxesAndLegend() {
    let panels = (0..<4).map { index in
      panel("panel \(index)", [curve("Adam", [[0, 1], [10, Double(index)]]), curve("SGD", [[0, 2], [10, 1]])])
    }
    var figure = Figure(title: "four", note: "quick tier: 2 epochs", panels: panels, columns: 2)
    let apart = XMLCheck(figure.svg)
    #expect(apart.isWellFormed)
    #expect(apart.texts.count { $0 == "Adam" } == 1)
    #expect(apart.texts.count { $0 == "epochs" } == 2)
    #expect(apart.texts.count { $0 == "training cost (nats)" } == 2)
    #expect(apart.texts.contains("quick tier: 2 epochs") && apart.texts.contains("panel 3"))
    let numbers = { (check: XMLCheck) in check.texts.count { Double($0) != nil } }
    figure.sharesX = true
    figure.sharesY = true
    #expect(numbers(XMLCheck(figure.svg)) < numbers(apart))
  }

  @Test func divergedPointsAreOpenMarkersAtTheTop() {
    let axis = ChartAxis("loss", range: 0...10)
    let series = [curve("a", [[0, 5], [1, .nan], [2, 1e9]], diverged: true)]
    let svg = Figure(title: "", panels: [FigurePanel(x: ChartAxis("x"), y: axis, content: .curves(series))]).svg
    let open = svg.split(separator: "\n").filter { $0.contains("<circle") && $0.contains("fill=\"#ffffff\"") }
    // Two points, and the legend's sample.
    #expect(open.count == 3)
    #expect(svg.contains(">diverged or above</text>"))
    #expect(!svg.contains("nan"))
  }

  @Test func bandsWidenTheRange() {
    var series = curve("a", [[0, 1], [1, 1]])
    series.band = [ChartSpread(x: 0, low: 0.5, high: 9), ChartSpread(x: 1, low: 0.5, high: 9)]
    let svg = Figure(title: "", panels: [panel("", [series])]).svg
    #expect(svg.contains("fill-opacity=\"0.18\"") && svg.contains(">7.5</text>"))
  }

  @Test func numbersOfALogarithmicAxisDoNotTouch() throws {
    // Little more than a decade of large numbers: each digit would have room, but not its power of ten.
    let axis = ChartAxis("operations", scale: .logarithmic)
    let series = [curve("a", [[6e7, 1], [8.5e8, 2]])]
    let figure = Figure(title: "", panels: [FigurePanel(x: axis, y: ChartAxis("y"), content: .curves(series))])
    let places = try figure.svg.split(separator: "\n").filter { $0.contains("·10") || $0.contains(">10<") }.map {
      try #require($0.firstMatch(of: /x="([0-9.]+)"/).flatMap { Double($0.1) })
    }
    #expect(places.count >= 2)
    for (a, b) in zip(places, places.dropFirst()) { #expect(b - a > 30) }
  }

  @Test func confusionCountsStandInTheirCells() {
    let figure = Figure(
      title: "", panels: [FigurePanel(confusion: [[1120, 3], [0, 50]], classNames: ["aeroplane", "bird"])])
    let check = XMLCheck(figure.svg)
    #expect(check.isWellFormed)
    #expect(
      check.texts.contains("1,120") && check.texts.contains("predicted class") && check.texts.contains("true class"))
    #expect(check.texts.count { $0 == "bird" } == 2)
    let matrix = MatrixPlot(confusion: [[30, 10], [0, 0]], classNames: ["a", "b"])
    #expect(matrix.shares == [[0.75, 0.25], [0, 0]])
  }

  @Test func contourFiguresAreWrittenBothWays() throws {
    let paths = [
      ContourPlot.Path("one", points: [[-1, 0], [0, 0.5], [.nan, 0]]),
      ContourPlot.Path("two", points: [[-1, 0], [0.5, 0]]),
    ]
    let plot = ContourPlot(x: -1...1, y: -1...1, levels: [0.1, 1], paths: paths, minimum: [0, 0]) { $0 * $0 + $1 * $1 }
    let figure = Figure(title: "bowl", panels: [FigurePanel(contours: plot)])
    let check = XMLCheck(figure.svg)
    #expect(check.isWellFormed)
    for text in ["one", "two", "start", "end", "minimum"] { #expect(check.texts.contains(text)) }
    try withTemporaryFolder { folder in
      try figure.writeSVG(to: folder.file("a.svg"))
      try figure.writePNG(to: folder.file("a.png"))
      try RunCurves(name: "x").chart(title: "x").writePNG(to: folder.file("chart.png"))
      let picture = try PixelImage(path: folder.file("a.png"))
      #expect(picture.channelCount == 3 && picture.width > 600)
      #expect(Set(picture.samples).count > 30)
      #expect(try text(of: folder.file("a.svg")) == figure.svg)
    }
  }

  @Test func oddFiguresAreDrawn() {
    #expect(XMLCheck(Figure(title: "", panels: []).svg).isWellFormed)
    let empty = Figure(title: "<&>", panels: [panel("", []), panel("", [curve("", [])])], columns: 3)
    #expect(XMLCheck(empty.svg).isWellFormed && empty.svg.contains("no data yet"))
  }

  @Test func picturesStandInAGrid() {
    // Two pictures of one row of two pixels, in red and in blue.
    let values: [Float] = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, .nan]
    let grid = ImageGrid(values: values, channelCount: 3, height: 1, width: 2, columns: 2)
    let picture = grid.picture(scale: 2)
    #expect(grid.count == 2 && picture.width == 2 * 4 + 3 * 2 && picture.height == 2 + 2 * 2)
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
      Array(picture.samples[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3])
    }
    #expect(pixel(0, 0) == [255, 255, 255] && pixel(2, 2) == [255, 0, 0] && pixel(5, 3) == [255, 0, 0])
    #expect(pixel(6, 2) == [255, 255, 255] && pixel(8, 2) == [0, 0, 255] && pixel(10, 2) == [0, 0, 0])
  }
}
