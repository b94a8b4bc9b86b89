import ApusTraining
import Foundation

/// What a person sees of a run: a live line on a terminal, plain lines with the same numbers in a pipe.
///
/// ```
/// epoch 3/5 ━━━━━━━━━━━━━━━━━━━━╸━━━━━━━━━━━ 62 %  loss 0.0532  val 97.41 %  312.4k samples/s  0:12 left
/// ```
struct ProgressDisplay {
  private let terminal: Terminal
  private let totalSteps: Int
  private let stepsPerEpoch: Int
  private let batchSize: Int
  private let startStep: Int
  private let start = ContinuousClock.now
  private var lastLine = ContinuousClock.now
  private var trainingTime = Duration.zero
  private var resumed = ContinuousClock.now
  private var loss: Double?
  private var accuracy: Double?
  private var isLiveLineShown = false
  private let isQuiet: Bool

  /// The time between two plain lines.
  private static let lineInterval = Duration.seconds(5)

  init(_ run: Run, terminal: Terminal, isQuiet: Bool) {
    self.terminal = terminal
    self.isQuiet = isQuiet
    totalSteps = run.trainer.plan.totalSteps
    stepsPerEpoch = run.trainer.stepsPerEpoch
    batchSize = run.trainer.plan.batchSize
    startStep = run.trainer.step
  }

  /// Samples per second of training since the start, evaluations and checkpoints left out.
  private func rate(_ step: Int) -> Double {
    let time = trainingTime / .seconds(1)
    return time > 0 ? Double((step - startStep) * batchSize) / time : 0
  }

  /// Shows what has happened.
  mutating func report(_ event: Run.Event, run: Run) {
    switch event {
    case .losses(let losses):
      trainingTime += resumed.duration(to: .now)
      resumed = .now
      guard let last = losses.last else { return }
      // The mean over the display's interval is steadier than one batch.
      loss = losses.reduce(0) { $0 + Double($1.loss) } / Double(losses.count)
      if isQuiet { return }
      if terminal.isInteractive {
        showLiveLine(step: last.step)
      } else if lastLine.duration(to: .now) > Self.lineInterval {
        lastLine = .now
        terminal.print(plainLine(step: last.step))
      }
    case .evaluated(let step, let epochs, let evaluation):
      accuracy = evaluation.accuracy
      resumed = .now
      if isQuiet { return }
      clearLiveLine()
      lastLine = .now
      let epoch = String(format: "%.4g", epochs)
      terminal.print(
        "epoch \(epoch)  step \(step)/\(totalSteps)  loss \(Format.loss(loss ?? .nan))  "
          + "validation loss \(Format.loss(evaluation.loss))  accuracy \(Format.percent(evaluation.accuracy))  "
          + Format.rate(rate(step), "samples"))
    case .checkpointed:
      resumed = .now
    }
  }

  /// Removes the live line before something else is printed.
  mutating func clearLiveLine() {
    guard isLiveLineShown else { return }
    terminal.write("\r\u{1B}[K")
    isLiveLineShown = false
  }

  private func numbers(step: Int) -> [String] {
    let rate = rate(step)
    let left = rate > 0 ? Double((totalSteps - step) * batchSize) / rate : .infinity
    return [
      "loss \(Format.loss(loss ?? .nan))", accuracy.map { "accuracy \(Format.percent($0))" },
      Format.rate(rate, "samples"), "\(Format.duration(left)) left",
    ].compactMap { $0 }
  }

  private func plainLine(step: Int) -> String {
    (["step \(step)/\(totalSteps)"] + numbers(step: step)).joined(separator: "  ")
  }

  private mutating func showLiveLine(step: Int) {
    let epoch = (step - 1) / max(stepsPerEpoch, 1) + 1
    let epochs = (totalSteps - 1) / max(stepsPerEpoch, 1) + 1
    let share = Double(step) / Double(max(totalSteps, 1))
    let head = "epoch \(epoch)/\(epochs) "
    let tail = " \(Int(share * 100)) %  " + numbers(step: step).joined(separator: "  ")
    let room = terminal.width - head.count - tail.count - 1
    guard room >= 10 else {
      // No room for a bar: the numbers alone, cut to the width.
      terminal.write("\r\u{1B}[K" + String((head + tail).prefix(terminal.width - 1)))
      isLiveLineShown = true
      return
    }
    let width = min(room, 40)
    let filled = Int(share * Double(width))
    let bar =
      terminal.styled(String(repeating: "━", count: filled), .green)
      + terminal.styled(String(repeating: "━", count: width - filled), .faint)
    terminal.write("\r\u{1B}[K" + head + bar + tail)
    isLiveLineShown = true
  }
}
