import Foundation

/// How far a training run is.
public struct ProgressReport: Hashable, Sendable {
  /// The steps done.
  public var step: Int
  /// The steps to do in all.
  public var totalSteps: Int
  /// The epoch under way, from 1.
  public var epoch: Int
  /// The number of epochs, where the run is counted in them.
  public var totalEpochs: Int?
  /// Samples of one step.
  public var batchSize: Int
  /// The training loss of late.
  public var loss: Double
  /// The last accuracy measured, 0 to 1.
  public var accuracy: Double?
  /// What the run is called among several; nil for one alone.
  public var heading: String?

  /// A report.
  public init(
    step: Int, totalSteps: Int, epoch: Int, totalEpochs: Int?, batchSize: Int, loss: Double, accuracy: Double? = nil,
    heading: String? = nil
  ) {
    self.step = step
    self.totalSteps = totalSteps
    self.epoch = epoch
    self.totalEpochs = totalEpochs
    self.batchSize = batchSize
    self.loss = loss
    self.accuracy = accuracy
    self.heading = heading
  }
}

/// Shows how a training run goes: a bar that is drawn over in a terminal, plain lines with the same numbers, now and
/// then, elsewhere.
///
/// Not to be called from several threads at once.
public final class ProgressDisplay {
  private let terminal: Terminal
  private let interval: Double
  private let now: () -> Double
  private var lastDrawn = -Double.infinity
  private var lastReport: ProgressReport?
  private var isBarVisible = false
  /// Times and steps of the last few seconds, from which the speed is told.
  private var history: [(time: Double, step: Int)] = []
  private static let window = 5.0

  /// A display.
  ///
  /// - Parameters:
  ///   - terminal: where it is shown.
  ///   - interval: seconds between two drawings; by default 0.1 in a terminal and 5 elsewhere.
  ///   - now: a clock in seconds.
  public init(
    terminal: Terminal, interval: Double? = nil,
    now: @escaping () -> Double = { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
  ) {
    self.terminal = terminal
    self.interval = interval ?? (terminal.isInteractive ? 0.1 : 5)
    self.now = now
  }

  /// Takes note of a report, and shows it when the last one has stood long enough.
  public func update(_ report: ProgressReport) {
    let time = now()
    history.append((time, report.step))
    while history.count > 2, history[1].time <= time - ProgressDisplay.window { history.removeFirst() }
    lastReport = report
    if time - lastDrawn >= interval { draw(report) }
  }

  /// Leaves the time since the last report out of the speed: it was spent on something else than steps.
  public func skipTime() {
    guard let last = history.last else { return }
    let skipped = now() - last.time
    history = history.map { ($0.time + skipped, $0.step) }
  }

  /// Writes a line that stays, above the bar.
  public func note(_ line: String) {
    clearBar()
    terminal.writeLine(line)
    if terminal.isInteractive, let lastReport { draw(lastReport) }
  }

  /// Shows the last report for good.
  public func finish() {
    guard let lastReport else { return }
    if lastDrawn < (history.last?.time ?? 0) || isBarVisible { draw(lastReport) }
    if isBarVisible { terminal.write("\n") }
    isBarVisible = false
    self.lastReport = nil
  }

  /// Removes the bar, as before an error message.
  public func clearBar() {
    guard isBarVisible else { return }
    terminal.write("\r\u{1B}[K")
    isBarVisible = false
  }

  private func draw(_ report: ProgressReport) {
    lastDrawn = now()
    if terminal.isInteractive {
      // One column stays free: some terminals wrap as soon as the last one is written.
      let line = ProgressDisplay.bar(report, speed: speed, width: terminal.width - 1, terminal: terminal)
      terminal.write("\r" + line + "\u{1B}[K")
      isBarVisible = true
    } else {
      terminal.writeLine(ProgressDisplay.plainLine(report, speed: speed))
    }
  }

  /// Steps a second over the last few seconds; nil before that can be told.
  private var speed: Double? {
    guard let first = history.first, let last = history.last, last.time > first.time, last.step > first.step else {
      return nil
    }
    return Double(last.step - first.step) / (last.time - first.time)
  }

  private static func numbers(_ report: ProgressReport, speed: Double?) -> [String] {
    var parts = ["loss \(Quantity.loss(report.loss))"]
    if let accuracy = report.accuracy { parts.append("accuracy \(Quantity.percent(accuracy))") }
    if let speed {
      parts.append("\(Quantity.short(speed * Double(report.batchSize))) samples/s")
      parts.append("\(Quantity.clock(Double(report.totalSteps - report.step) / speed)) left")
    }
    return parts
  }

  private static func epochText(_ report: ProgressReport) -> String {
    (report.heading.map { $0 + "  " } ?? "")
      + (report.totalEpochs.map { "epoch \(report.epoch)/\($0)" } ?? "epoch \(report.epoch)")
  }

  /// The line for a log.
  package static func plainLine(_ report: ProgressReport, speed: Double?) -> String {
    let parts = [epochText(report), "step \(report.step)/\(report.totalSteps)"] + numbers(report, speed: speed)
    return parts.joined(separator: "  ")
  }

  /// The line for a terminal, at most `width` columns wide: the bar takes what the numbers leave.
  package static func bar(_ report: ProgressReport, speed: Double?, width: Int, terminal: Terminal) -> String {
    let fraction = min(max(Double(report.step) / Double(max(report.totalSteps, 1)), 0), 1)
    let head = epochText(report)
    let percent = "\(Int(fraction * 100))%"
    let tail = ([String(repeating: " ", count: 4 - percent.count) + percent] + numbers(report, speed: speed))
      .joined(separator: "  ")
    let room = min(width - head.count - tail.count - 2, 40)
    guard room >= 5 else { return truncated(head + " " + tail, toDisplayWidth: width) }
    let filled = Int((fraction * Double(room)).rounded(.down))
    let (full, empty) = terminal.hasUnicode ? ("━", terminal.hasColours ? "━" : "─") : ("#", ".")
    let done = String(repeating: full, count: filled)
    let rest = String(repeating: empty, count: room - filled)
    let bar = terminal.hasColours ? "\u{1B}[36m\(done)\u{1B}[0m\u{1B}[2m\(rest)\u{1B}[0m" : done + rest
    return head + " " + bar + " " + tail
  }
}
