import Apus
import Foundation

/// Runs training jobs, each in its own directory; those that are finished there already are read and not run again, and
/// one that was interrupted goes on from its checkpoint.
struct JobRunner {
  let options: ReproductionOptions
  let device: Device
  /// Data by the settings that they were loaded with: most runs of a reproduction share one.
  private var loaded: (key: JSONObject, data: TrainingData)?

  init(options: ReproductionOptions, device: Device) {
    self.options = options
    self.device = device
  }

  /// The file that says that a run is finished and what it was made with.
  private static let finishedName = "run.json"

  /// The settings that say nothing about the data, or nothing that has to be the same when a run is gone on with.
  private static let trainingKeys: Set<String> = [
    "model", "hidden", "activation", "dropout", "input-dropout", "label-smoothing", "latents", "depth", "heads",
    "width",
    "context", "cell", "tied", "bias", "layers", "normalize", "augment-crop", "augment-flip", "augment-cutout",
    "evaluate-every", "stream", "initializer", "optimizer", "learning-rate", "hyperparameters",
    "schedule", "clip-norm", "decayed", "batch-size", "epochs", "steps", "device", "seed", "shuffle", "init",
    "log-every",
  ]
  private static let placeKeys: Set<String> = ["device", "data-dir"]

  /// The job's configuration with the user's device, data folder, data set and seed.
  func configuration(_ job: TrainingJob) throws(TrainingError) -> RunConfiguration {
    var settings = job.settings
    settings["device"] = .string(options.device)
    if let folder = options.dataFolder { settings["data-dir"] = .string(folder) }
    if let dataset = options.dataset { settings["dataset"] = .string(dataset) }
    settings["seed"] = .integer((settings["seed"]?.integer ?? 0) + Int(truncatingIfNeeded: options.seed))
    return try TrainingJob(job.name, settings: settings).configuration()
  }

  /// The data of a job.
  mutating func data(_ configuration: RunConfiguration) throws(TrainingError) -> TrainingData {
    let key = configuration.settings.leaving(out: Self.trainingKeys)
    if let loaded, loaded.key == key { return loaded.data }
    // The one before is let go first, so that two are never in memory.
    loaded = nil
    let data = try configuration.loadData(downloader: options.downloader)
    loaded = (key, data)
    return data
  }

  /// A run that is finished in its directory.
  ///
  /// - Throws: `TrainingError` when what is there was made with other settings.
  func finished(_ job: TrainingJob, _ configuration: RunConfiguration) throws(TrainingError) -> RunRecords.Record? {
    let directory = options.runDirectory(job)
    let path = directory + "/" + Self.finishedName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let stored = try TrainingError.wrapping { try readJSONObject(path) }
    let settings = stored["settings"]?.object ?? JSONObject()
    let (made, wanted) = (settings.leaving(out: Self.placeKeys), configuration.settings.leaving(out: Self.placeKeys))
    guard Set(made.keys) == Set(wanted.keys), made.keys.allSatisfy({ made[$0]?.line == wanted[$0]?.line }) else {
      let key = (made.keys + wanted.keys).first { made[$0]?.line != wanted[$0]?.line } ?? "settings"
      throw TrainingError(
        "\(directory): holds a run with another \(key); replace it by --overwrite, or choose another --output")
    }
    return RunRecords.Record(
      job: job, settings: settings, history: try history(directory),
      seconds: stored["seconds"]?.number ?? .nan, device: stored["device"]?.string ?? "")
  }

  /// Trains, from the start or from a checkpoint that an interruption left.
  ///
  /// - Returns: nil when it was asked to stop.
  func train(
    _ job: TrainingJob, _ configuration: RunConfiguration, data: TrainingData,
    report: (Run, Run.Event) -> Void, shouldStop: () -> Bool
  ) throws(TrainingError) -> RunRecords.Record? {
    let directory = options.runDirectory(job)
    let checkpoint = try interruptedState(directory, configuration)
    let start = ContinuousClock.now
    let run = try Run(
      configuration, data: data, on: device.backend, directory: directory, resuming: checkpoint)
    try writeConfiguration(run.configuration, to: directory)
    let outcome = try run.train({ report(run, $0) }, shouldStop: shouldStop)
    if case .interrupted = outcome { return nil }
    let seconds = start.duration(to: .now) / .seconds(1)
    if !job.keepsModel {
      for name in [Run.checkpointName, Run.bestName] {
        try? FileManager.default.removeItem(atPath: directory + "/" + name)
      }
    }
    try TrainingError.wrapping {
      let metrics = try JSONLines.read(directory + "/" + Run.metricsName)
      try RunCurves(name: job.name, metrics: metrics).chart(title: job.name).writeSVG(to: directory + "/curves.svg")
    }
    let record = RunRecords.Record(
      job: job, settings: run.configuration.settings, history: try history(directory), seconds: seconds,
      device: device.backend.name)
    // Last of all: from now on the directory is complete.
    try write(
      JSONValue.object([
        "settings": .object(record.settings), "seconds": .number(seconds), "device": .string(record.device),
      ]).indented + "\n", to: directory + "/" + Self.finishedName)
    return record
  }

  /// Forgets what a run's directory holds.
  func forget(_ job: TrainingJob) {
    for name in [Self.finishedName, Run.checkpointName, Run.bestName, Run.metricsName] {
      try? FileManager.default.removeItem(atPath: options.runDirectory(job) + "/" + name)
    }
  }

  private func interruptedState(
    _ directory: String, _ configuration: RunConfiguration
  ) throws(TrainingError) -> Checkpoint? {
    let path = directory + "/" + Run.checkpointName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let checkpoint = try Checkpoint(path: path)
    let (made, wanted) = (checkpoint.configuration.settings, configuration.settings)
    let isSame = wanted.keys.allSatisfy { Self.placeKeys.contains($0) || made[$0]?.line == wanted[$0]?.line }
    return isSame ? checkpoint : nil
  }

  private func history(_ directory: String) throws(TrainingError) -> RunHistory {
    try TrainingError.wrapping { RunHistory(metrics: try JSONLines.read(directory + "/" + Run.metricsName)) }
  }

  /// A run's `config.yaml`; JSON is YAML.
  private func writeConfiguration(_ configuration: RunConfiguration, to directory: String) throws(TrainingError) {
    try write(
      "# Everything that this run was made with; run it again with: apus train config.yaml\n"
        + JSONValue.object(configuration.settings).indented + "\n", to: directory + "/config.yaml")
  }

  private func write(_ text: String, to path: String) throws(TrainingError) {
    try TrainingError.wrapping {
      try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(text) }
    }
  }

  private func readJSONObject(_ path: String) throws -> JSONObject {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let value = try data.withUnsafeBytes { try JSONValue.parse($0, path: path) }
    return value.object ?? JSONObject()
  }
}

extension JSONObject {
  fileprivate func leaving(out names: Set<String>) -> JSONObject {
    var object = self
    for name in names { object[name] = nil }
    return object
  }
}
