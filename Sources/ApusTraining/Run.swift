import ApusCompiler
import ApusData
import ApusFormats
import Foundation

/// A training run with its directory: metrics line by line, checkpoints, and what a progress display needs.
///
/// The directory holds `metrics.jsonl`, `checkpoint.safetensors` (the latest state), `best.safetensors` (the
/// state with the highest validation accuracy, or the lowest validation loss where accuracy is not the point) and, from the command line, `config.yaml` and `curves.svg`.
public final class Run {
  /// What happens in a run, in order.
  public enum Event: Sendable {
    /// Losses have been fetched; the last one is the latest step's.
    case losses([Trainer.StepLoss])
    /// An epoch, an interval or the run has ended and the validation split has been evaluated.
    case evaluated(step: Int, epochs: Double, Evaluation)
    /// A state has been written.
    case checkpointed(path: String)
  }

  /// How a run ended.
  public enum Outcome: Sendable {
    case finished
    /// It was asked to stop and has written its state.
    case interrupted
  }

  /// The configuration, resolved.
  public let configuration: RunConfiguration
  /// The trainer.
  public let trainer: Trainer
  /// The directory; nil keeps nothing.
  public let directory: String?
  /// The last evaluation.
  public private(set) var evaluation: Evaluation?
  /// The highest score of an evaluation so far: the accuracy of a classifier, the negative loss of anything else.
  public private(set) var bestScore: Double?

  private var metrics: JSONLines?
  private var evaluatedStep: Int?

  /// The latest state's file in a run directory.
  public static let checkpointName = "checkpoint.safetensors"
  /// The best state's file in a run directory.
  public static let bestName = "best.safetensors"
  /// The metrics' file in a run directory.
  public static let metricsName = "metrics.jsonl"

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - configuration: what to train.
  ///   - data: what `configuration` names, loaded.
  ///   - backend: the device.
  ///   - directory: where results go, made if need be; nil keeps nothing.
  ///   - checkpoint: a state to go on from; its parameters and states must fit the configuration.
  public init(
    _ configuration: RunConfiguration, data: TrainingData, on backend: any Backend, directory: String?,
    resuming checkpoint: Checkpoint? = nil
  ) throws(TrainingError) {
    self.configuration = try configuration.resolved()
    self.directory = directory
    trainer = try Trainer(try configuration.makePlan(data), on: backend)
    if let checkpoint {
      try trainer.restore(checkpoint)
      bestScore = checkpoint.bestScore
    } else if let path = configuration.initialParameters {
      try trainer.loadParameters(try TrainingError.wrapping { try SafetensorsFile(path: path) })
    }
    guard let directory else { return }
    let step = trainer.step
    metrics = try TrainingError.wrapping {
      try Run.makeDirectory(directory)
      let path = Run.path(directory, Run.metricsName)
      return checkpoint == nil
        ? try JSONLines(creating: path) : try JSONLines(resuming: path) { $0["step"]?.integer ?? 0 <= step }
    }
  }

  /// Trains to the end of the plan.
  ///
  /// - Parameters:
  ///   - report: told what happens.
  ///   - shouldStop: asked before every step; a stop writes the state first.
  /// - Returns: whether the end was reached.
  public func train(
    _ report: (Event) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> Outcome {
    var lastFetch = ContinuousClock.now
    while trainer.step < trainer.plan.totalSteps {
      if shouldStop() {
        try fetchLosses(report)
        try checkpoint(report)
        return .interrupted
      }
      try trainer.runStep()
      let endsInterval = endsInterval(trainer.step)
      // Often enough for a display, seldom enough for the device to be kept busy.
      if trainer.mustFetchLosses || endsInterval || lastFetch.duration(to: .now) > Run.displayInterval {
        try fetchLosses(report)
        lastFetch = .now
      }
      if endsInterval {
        try evaluate(report)
        try checkpoint(report)
      }
    }
    try fetchLosses(report)
    if evaluatedStep != trainer.step {
      try evaluate(report)
      try checkpoint(report)
    }
    return .finished
  }

  /// Whether an evaluation follows a step: every so many steps, or at the end of every epoch.
  private func endsInterval(_ step: Int) -> Bool {
    configuration.evaluationInterval.map { step % $0 == 0 } ?? trainer.endsEpoch(step)
  }

  private static let displayInterval = Duration.milliseconds(100)

  private func fetchLosses(_ report: (Event) -> Void) throws(TrainingError) {
    let losses = try trainer.losses()
    guard !losses.isEmpty else { return }
    if let metrics {
      for entry in losses where entry.step == 1 || entry.step % configuration.logInterval == 0 {
        try TrainingError.wrapping {
          try metrics.append([
            "step": .integer(entry.step), "split": "train", "loss": .number(entry.loss),
            "learning_rate": .number(entry.learningRate),
            "epoch": .number(trainer.epochs(afterStep: entry.step)),
          ])
        }
      }
    }
    report(.losses(losses))
  }

  private func evaluate(_ report: (Event) -> Void) throws(TrainingError) {
    let result = try trainer.evaluate()
    evaluation = result
    evaluatedStep = trainer.step
    let step = trainer.step
    let epochs = trainer.epochs
    try TrainingError.wrapping {
      var line: JSONObject = [
        "step": .integer(step), "split": "validation", "loss": .number(result.loss),
      ]
      line["accuracy"] = result.accuracy.map { .number($0) }
      line["epoch"] = .number(epochs)
      try metrics?.append(line)
    }
    report(.evaluated(step: step, epochs: epochs, result))
  }

  private func checkpoint(_ report: (Event) -> Void) throws(TrainingError) {
    guard let directory else { return }
    if let score = evaluation.map(score), evaluatedStep == trainer.step, score > bestScore ?? -.infinity {
      bestScore = score
      try write(to: Run.path(directory, Run.bestName), report)
    }
    try write(to: Run.path(directory, Run.checkpointName), report)
  }

  private func score(_ evaluation: Evaluation) -> Double {
    trainer.plan.objective is Classification ? evaluation.accuracy ?? -evaluation.loss : -evaluation.loss
  }

  private func write(to path: String, _ report: (Event) -> Void) throws(TrainingError) {
    try Checkpoint.write(trainer, configuration: configuration, bestScore: bestScore, to: path)
    report(.checkpointed(path: path))
  }

  private static func path(_ directory: String, _ name: String) -> String {
    (directory as NSString).appendingPathComponent(name)
  }

  private static func makeDirectory(_ directory: String) throws(TrainingError) {
    do { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) } catch {
      throw TrainingError("\(directory): cannot be made: \(error.localizedDescription)")
    }
  }
}
