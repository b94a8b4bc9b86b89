/// Keeps the host from running away from the device: at most a bounded number of steps is in flight.
package struct StepWindow {
  private let stepsPerMarker: Int
  private let markersInFlight: Int
  private var steps = 0
  private var markers: [Event] = []

  /// - Parameters:
  ///   - stepsPerMarker: how many steps share a marker, so that marking costs little.
  ///   - markersInFlight: how many markers may be unfinished.
  package init(stepsPerMarker: Int = 8, markersInFlight: Int = 2) {
    self.stepsPerMarker = max(1, stepsPerMarker)
    self.markersInFlight = max(1, markersInFlight)
  }

  /// To be called after each step has been enqueued; waits for the device when it is too far behind.
  package mutating func stepEnqueued(on queue: CommandQueue) throws(OpenCLError) {
    steps += 1
    guard steps % stepsPerMarker == 0 else { return }
    if markers.count == markersInFlight { try markers.removeFirst().wait() }
    markers.append(try queue.marker())
    try queue.flush()
  }
}
