import ApusFormats
import ApusTestSupport
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Axes and curves")
struct AxisTests {
  private func labels(_ values: [Double], _ axis: ChartAxis, horizontal: Bool = false, about count: Int = 5) -> [String]
  {
    AxisFrame(values: values, axis: axis, isHorizontal: horizontal).ticks(about: count).map(\.label).filter {
      !$0.isEmpty
    }
  }

  @Test func linearTicksAreRound() {
    #expect(labels([0, 1], ChartAxis("y")) == ["0", "0.25", "0.50", "0.75", "1.00"])
    #expect(labels([0, 97], ChartAxis("y")) == ["0", "25", "50", "75", "100"])
    #expect(labels([98.72, 99.5], ChartAxis("y")) == ["98.8", "99.0", "99.2", "99.4"])
    #expect(
      labels([1, 3000], ChartAxis("x"), horizontal: true, about: 7) == [
        "0", "500", "1000", "1500", "2000", "2500", "3000",
      ])
    #expect(labels([1, 60_000], ChartAxis("x"), horizontal: true) == ["0", "20k", "40k", "60k"])
    #expect(labels([0, 2_500_000], ChartAxis("x"), horizontal: true) == ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"])
  }

  @Test func stepsAreWhole() {
    #expect(labels([1, 2], ChartAxis("x", isWhole: true), horizontal: true) == ["1", "2"])
    #expect(labels([1, 10], ChartAxis("x", isWhole: true), horizontal: true) == ["0", "2", "4", "6", "8", "10"])
  }

  @Test func logarithmicTicks() {
    #expect(
      labels([0.02, 2.1], ChartAxis("y", scale: .logarithmic)) == ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"])
    #expect(labels([1e-7, 1e2], ChartAxis("y", scale: .logarithmic)) == ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰", "10²"])
    #expect(
      labels([0.31, 0.42], ChartAxis("y", scale: .logarithmic)) == ["0.325", "0.350", "0.375", "0.400", "0.425"])
  }

  @Test func automaticScale() {
    #expect(AxisFrame(values: [0.05, 2], axis: ChartAxis("y", scale: .automatic)).isLogarithmic)
    #expect(!AxisFrame(values: [0.5, 2], axis: ChartAxis("y", scale: .automatic)).isLogarithmic)
    #expect(!AxisFrame(values: [0, 2], axis: ChartAxis("y", scale: .automatic)).isLogarithmic)
  }

  @Test(arguments: [[], [.nan], [3], [0], [-2, -2], [.infinity, 1], [1e-300, 1e300]] as [[Double]])
  func oddValuesHaveAFrame(values: [Double]) {
    for scale in [ChartAxis.Scale.linear, .logarithmic, .automatic] {
      let frame = AxisFrame(values: values, axis: ChartAxis("y", scale: scale))
      #expect(frame.low.isFinite && frame.high.isFinite && frame.low < frame.high)
      #expect(frame.ticks(about: 5).count < 400)
      for value in values where value.isFinite && (value > 0 || !frame.isLogarithmic) {
        #expect(-0.001...1.001 ~= min(frame.fraction(value) ?? -1, abs(value) < 1e100 ? 2 : 1))
      }
    }
  }

  @Test func aRunawayCurveDoesNotPressTheOthersFlat() {
    let calm = (0..<3).map { ChartSeries("\($0)", points: [[0, 2], [10, 1]]) }
    let panel = ChartPanel(
      x: ChartAxis("x"), y: ChartAxis("y"), series: calm + [ChartSeries("wild", points: [[0, 2], [10, 1e9]])])
    #expect(PanelFrame(panel, width: [0, 10]).y.high < 7)
  }

  @Test func meansAreCentredAndSkipWhatIsNotFinite() {
    let points = [4, 2, 0, .nan, 6, 8].enumerated().map { SIMD2(Double($0), $1) }
    let means = centredMeans(of: points, window: 3).map(\.y)
    #expect(means[..<3] == [4, 2, 1])
    #expect(means[3].isNaN)
    #expect(means[4...] == [7, 7])
  }

  @Test func thinningKeepsExtremesAndEnds() {
    var points = (0..<10_000).map { SIMD2(Double($0), sin(Double($0) / 100)) }
    points[5000].y = 50
    points[7000].y = -50
    let thin = thinned(points, columns: 100)
    #expect(thin.count <= 400)
    #expect(thin.first == points.first && thin.last == points.last)
    #expect(thin.contains(points[5000]) && thin.contains(points[7000]))
    #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.x < $1.x })
  }
}

@Suite("Charts")
struct ChartTests {
  private static func run(_ name: String, rate: Double) -> RunCurves {
    var run = RunCurves(name: name)
    for step in 1...300 {
      run.trainingLoss.append([Double(step), 2.3 / (1 + Double(step) * rate) + (step % 2 == 0 ? 0.01 : 0)])
      guard step % 100 == 0 else { continue }
      run.validationLoss.append([Double(step), 2.5 / (1 + Double(step) * rate)])
      run.validationAccuracy.append([Double(step), 1 - 0.5 / (1 + Double(step) * rate)])
    }
    return run
  }

  @Test func svgIsWellFormedAndRepeatable() throws {
    let chart = ChartTests.run("adam", rate: 0.5).chart(title: "a < b & \"c\"")
    #expect(chart.svg == chart.svg)
    let parser = XMLCheck(chart.svg)
    #expect(parser.isWellFormed)
    #expect(parser.texts.contains("a < b & \"c\""))
    #expect(parser.texts.contains("loss (nats)") && parser.texts.contains("accuracy (%)"))
    #expect(parser.texts.count { $0 == "training step" } == 2)
    #expect(parser.attributes["svg"]?["viewBox"]?.split(separator: " ").count == 4)
    #expect(chart.svg.contains("fill=\"#fff\""))
  }

  @Test func comparisonTellsTheCurvesApart() {
    let runs = (0..<15).map { ChartTests.run("run\($0)", rate: 0.1 + Double($0) / 10) }
    let svg = RunCurves.comparison(of: runs, title: "all").svg
    var looks: Set<String> = []
    for line in svg.split(separator: "\n") where line.contains("stroke-width=\"1.8\"") {
      if let start = line.range(of: "stroke=") { looks.insert(String(line[start.lowerBound...])) }
    }
    #expect(looks.count == 15)
    for run in runs { #expect(svg.contains(">\(run.name)</text>")) }
    // The legend is ordered as the curves end, the highest first.
    #expect(
      (svg.range(of: ">run0<")?.lowerBound ?? svg.endIndex) < (svg.range(of: ">run14<")?.lowerBound ?? svg.startIndex))
  }

  @Test func aDivergedRunSaysSo() {
    var wild = ChartTests.run("wild", rate: 0)
    wild.trainingLoss = (1...300).map { [Double($0), $0 > 100 ? .nan : exp(Double($0))] }
    let runs = [wild] + (1...3).map { ChartTests.run("run\($0)", rate: Double($0)) }
    let svg = RunCurves.comparison(of: runs, title: "").svg
    #expect(svg.contains(">diverged</text>"))
    #expect(!svg.contains("nan") && !svg.contains("inf\""))
    #expect(XMLCheck(svg).isWellFormed)
  }

  @Test func anEmptyRunIsDrawnAsSuch() {
    let svg = RunCurves(name: "new").chart(title: "new").svg
    #expect(XMLCheck(svg).isWellFormed)
    #expect(svg.contains("no data yet"))
  }

  @Test func curvesComeFromMetrics() {
    let metrics: [JSONObject] = [
      ["step": 1, "split": "train", "loss": 2.5], ["step": 2, "split": "train", "loss": "NaN"],
      ["step": 2, "split": "validation", "loss": 2.0, "accuracy": 0.25], ["event": "resumed"],
    ]
    let run = RunCurves(name: "x", metrics: metrics)
    #expect(run.trainingLoss.count == 2 && run.trainingLoss[0] == [1, 2.5] && run.trainingLoss[1].y.isNaN)
    #expect(run.validationLoss == [[2, 2]] && run.validationAccuracy == [[2, 0.25]])
  }

  private func chart(_ series: [ChartSeries]) -> Chart {
    Chart(title: "", panels: [ChartPanel(x: ChartAxis("step", isWhole: true), y: ChartAxis("loss"), series: series)])
  }

  @Test func drawsInASCII() {
    let line = ChartSeries("a line", points: [[0, 0], [10, 10]])
    let text = chart([line]).terminalText(style: TerminalChartStyle(ink: .ascii, width: 24, height: 6))
    #expect(
      text == """
        loss
         10+                 aa
           |              aaa
           |          aaaa
           |      aaaa
           |  aaaa
          0+aa
           ++--------+--------+
            0        5       10
                   step
            a a line

        """)
  }

  @Test func drawsInBraille() {
    let line = ChartSeries("up", points: [[0, 0], [10, 10]])
    let text = chart([line]).terminalText(style: TerminalChartStyle(ink: .dots, width: 24, height: 4))
    #expect(text.contains("┤") && text.contains("⠒⠒ up") && !text.contains("\u{1B}"))
    #expect(text.unicodeScalars.contains { 0x2801...0x28FF ~= $0.value })
    for line in text.split(separator: "\n") { #expect(displayWidth(of: String(line)) <= 24) }
    let coloured = chart([line]).terminalText(style: TerminalChartStyle(ink: .colouredDots, width: 24, height: 4))
    #expect(coloured.contains("\u{1B}[38;5;33m"))
  }

  @Test func severalCurvesWithoutColoursAreLetters() {
    let series = [ChartSeries("up", points: [[0, 0], [10, 10]]), ChartSeries("down", points: [[0, 10], [10, 0]])]
    let text = chart(series).terminalText(style: TerminalChartStyle(ink: .dots, width: 30, height: 6))
    #expect(text.contains("a up   b down"))
    #expect(text.contains("bb") && text.contains("aa"))
  }
}

/// Reads XML with Foundation's parser and keeps what the tests ask for.
final class XMLCheck: NSObject, XMLParserDelegate {
  private(set) var isWellFormed = false
  private(set) var texts: [String] = []
  private(set) var attributes: [String: [String: String]] = [:]
  private var current = ""

  init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes attributeDict: [String: String]
  ) {
    attributes[name] = attributes[name] ?? attributeDict
    current = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    texts.append(current)
    current = ""
  }
}
