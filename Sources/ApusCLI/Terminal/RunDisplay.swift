import Apus
import Foundation

/// What a person sees of a run: the progress display, and a line for each evaluation.
struct RunDisplay {
  private let display: ProgressDisplay
  private let isQuiet: Bool
  private let heading: String?
  private let totalSteps: Int
  private let stepsPerEpoch: Int
  private let batchSize: Int
  private var loss = Double.nan
  private var accuracy: Double?

  /// A display of one run, which says nothing at all when `isQuiet`.
  ///
  /// - Parameters:
  ///   - heading: what the run is called among several; the progress is then headed by it, and evaluations get no lines.
  init(_ run: Run, terminal: Terminal, isQuiet: Bool, heading: String? = nil) {
    self.heading = heading
    display = ProgressDisplay(terminal: terminal)
    self.isQuiet = isQuiet
    totalSteps = run.trainer.plan.totalSteps
    stepsPerEpoch = max(run.trainer.stepsPerEpoch, 1)
    batchSize = run.trainer.plan.batchSize
  }

  /// Shows what has happened.
  mutating func report(_ event: Run.Event) {
    if isQuiet { return }
    switch event {
    case .losses(let losses):
      guard let last = losses.last else { return }
      // The mean over the display's interval is steadier than one batch.
      loss = losses.reduce(0) { $0 + Double($1.loss) } / Double(losses.count)
      display.update(
        ProgressReport(
          step: last.step, totalSteps: totalSteps, epoch: (last.step - 1) / stepsPerEpoch + 1,
          totalEpochs: (totalSteps - 1) / stepsPerEpoch + 1, batchSize: batchSize, loss: loss, accuracy: accuracy,
          heading: heading))
    case .evaluated(let step, let epochs, let evaluation):
      display.skipTime()
      accuracy = evaluation.accuracy
      if heading != nil { return }
      let epoch = String(format: "%.4g", epochs)
      display.note(
        "epoch \(epoch)  step \(step)/\(totalSteps)  loss \(Quantity.loss(loss))  "
          + "validation loss \(Quantity.loss(evaluation.loss))"
          + (evaluation.accuracy.map { "  accuracy \(Quantity.percent($0))" } ?? ""))
    case .checkpointed:
      display.skipTime()
    }
  }

  /// Removes the live line before something else is printed.
  func clear() { display.clearBar() }
}
