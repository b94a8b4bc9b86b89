import Apus

extension Timeline {
  /// Training steps over their launches.
  init(_ intervals: [LaunchInterval], device: String) {
    var steps: [Span] = []
    var first = 0
    while first < intervals.count {
      let run = intervals[first].run
      let end = intervals[first...].firstIndex { $0.run != run } ?? intervals.count
      let start = intervals[first].start
      let last = intervals[end - 1]
      steps.append(Span(name: "step \(run + 1)", start: start, duration: last.start + last.duration - start))
      first = end
    }
    self.init(
      process: device,
      tracks: [
        Track(name: "steps", spans: steps),
        Track(
          name: "launches",
          spans: intervals.map { Span(name: $0.label, start: $0.start, duration: $0.duration) }),
      ])
  }
}
