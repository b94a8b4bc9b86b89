/// What happened when, on one or more tracks, for a viewer of timelines such as Perfetto or `chrome://tracing`.
///
/// Source: Trace Event Format, the JSON object form with complete events (`"ph": "X"`), times in microseconds.
public struct Timeline: Sendable {
  /// Something with a begin and an end.
  public struct Span: Sendable, Hashable {
    /// What is written on it.
    public let name: String
    /// In seconds from any origin that all spans share.
    public let start: Double
    /// In seconds.
    public let duration: Double

    /// A span.
    public init(name: String, start: Double, duration: Double) {
      self.name = name
      self.start = start
      self.duration = duration
    }
  }

  /// A row of spans that do not overlap.
  public struct Track: Sendable {
    /// The row's title.
    public let name: String
    /// Its spans in the order of their begins.
    public let spans: [Span]

    /// A row.
    public init(name: String, spans: [Span]) {
      self.name = name
      self.spans = spans
    }
  }

  /// What the tracks belong to, such as a device.
  public let process: String
  /// The rows, from the top.
  public let tracks: [Track]

  /// A timeline.
  public init(process: String, tracks: [Track]) {
    self.process = process
    self.tracks = tracks
  }

  /// The file's contents, one event a line; the first span begins at 0.
  public var json: String {
    let origin = tracks.flatMap(\.spans).map(\.start).min() ?? 0
    var events: [JSONObject] = [Timeline.label("process_name", process, track: nil)]
    for (index, track) in tracks.enumerated() {
      events.append(Timeline.label("thread_name", track.name, track: index))
      for span in track.spans {
        events.append([
          "ph": "X", "pid": 1, "tid": .integer(index + 1), "name": .string(span.name),
          "ts": .number(Timeline.microseconds(span.start - origin)),
          "dur": .number(Timeline.microseconds(span.duration)),
        ])
      }
    }
    let lines = events.map { JSONValue.object($0).line }.joined(separator: ",\n")
    return "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n\(lines)\n]}\n"
  }

  private static func label(_ kind: String, _ name: String, track: Int?) -> JSONObject {
    var event: JSONObject = ["ph": "M", "pid": 1, "name": .string(kind), "args": .object(["name": .string(name)])]
    if let track { event["tid"] = .integer(track + 1) }
    return event
  }

  /// To the nanosecond, which is what devices count.
  private static func microseconds(_ seconds: Double) -> Double { (seconds * 1e9).rounded() / 1e3 }
}
