import ApusFormats
import Testing

@Suite struct TimelineTests {
  @Test func spansAreCompleteEventsInMicrosecondsFromTheFirst() throws {
    let timeline = Timeline(
      process: "cpu",
      tracks: [
        Timeline.Track(name: "steps", spans: [.init(name: "step 1", start: 7.25, duration: 0.5)]),
        Timeline.Track(
          name: "launches",
          spans: [
            .init(name: "a \"product\"", start: 7.25, duration: 0.125),
            .init(name: "sum", start: 7.5, duration: 2.5e-7),
          ]),
      ])
    let bytes = Array(timeline.json.utf8)
    let value = try bytes.withUnsafeBytes { try JSONValue.parse($0, path: "trace.json") }
    let root = try #require(value.object)
    guard case .array(let events)? = root["traceEvents"] else {
      Issue.record("no events")
      return
    }
    let spans = events.compactMap(\.object).filter { $0["ph"]?.string == "X" }
    #expect(spans.map { $0["name"]?.string } == ["step 1", "a \"product\"", "sum"])
    #expect(spans.map { $0["ts"]?.number } == [0, 0, 250_000])
    #expect(spans.map { $0["dur"]?.number } == [500_000, 125_000, 0.25])
    #expect(spans.map { $0["tid"]?.integer } == [1, 2, 2])
    let names = events.compactMap(\.object).filter { $0["ph"]?.string == "M" }.map {
      $0["args"]?.object?["name"]?.string
    }
    #expect(names == ["cpu", "steps", "launches"])
  }
}
