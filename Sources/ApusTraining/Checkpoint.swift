import ApusCompiler
import ApusFormats

/// A run's state in one safetensors file: parameters and statistics by name, the optimizer's states as
/// `optimizer.STATE.PARAMETER`, and in the metadata the step and the whole configuration.
///
/// Random numbers and the order of samples are functions of the seed and the step, so nothing else is needed for
/// a resumed run to be bit-identical to an uninterrupted one.
public struct Checkpoint: Sendable {
  /// The file.
  public let file: SafetensorsFile
  /// The steps done when it was written.
  public let step: Int
  /// The run's configuration.
  public let configuration: RunConfiguration
  /// What the model was trained on.
  public let samples: SampleDescription
  /// What the run had achieved, for the choice of the best checkpoint.
  public let bestScore: Double?

  private static let stepKey = "apus.step"
  private static let configurationKey = "apus.configuration"
  private static let samplesKey = "apus.samples"
  private static let bestKey = "apus.best_score"
  private static let formatKey = "apus.format"
  static let statePrefix = "optimizer."

  /// Reads a checkpoint's header.
  ///
  /// - Throws: `TrainingError` when the file is not there, is damaged, or was not written by a run.
  public init(path: String) throws(TrainingError) {
    let file = try TrainingError.wrapping { try SafetensorsFile(path: path) }
    guard file.metadata[Self.formatKey] == "1", let step = file.metadata[Self.stepKey].flatMap({ Int($0) }),
      let text = file.metadata[Self.configurationKey]
    else {
      throw TrainingError("\(path): holds tensors but no run's state; start from its parameters by --init")
    }
    func parsed(_ text: String) throws(TrainingError) -> JSONValue {
      try TrainingError.wrapping { try Array(text.utf8).withUnsafeBytes { try JSONValue.parse($0, path: path) } }
    }
    var configuration = RunConfiguration()
    try configuration.apply(try parsed(text).object ?? JSONObject(), source: path)
    guard let samples = SampleDescription(json: try parsed(file.metadata[Self.samplesKey] ?? "null")) else {
      throw TrainingError("\(path): does not say what samples the model was trained on")
    }
    self.samples = samples
    self.file = file
    self.step = step
    self.configuration = configuration
    bestScore = file.metadata[Self.bestKey].flatMap(Double.init)
  }

  /// Writes a trainer's state; at any moment a complete file is at `path`.
  public static func write(
    _ trainer: Trainer, configuration: RunConfiguration, bestScore: Double?, to path: String
  ) throws(TrainingError) {
    try TrainingError.wrapping {
      var arenas: [(prefix: String, arena: ParameterArena, buffer: any DeviceBuffer)] = [
        ("", trainer.arena, trainer.parameters), ("", trainer.statisticsArena, trainer.statistics),
      ]
      arenas += trainer.states.map { ("\(statePrefix)\($0.name).", trainer.arena, $0.buffer) }
      var tensors: [TensorContents] = []
      for (prefix, arena, buffer) in arenas {
        for entry in arena.entries {
          tensors.append(TensorContents(name: prefix + entry.name, entry, in: buffer))
        }
      }
      var metadata = [
        "format": "pt", formatKey: "1", stepKey: "\(trainer.step)",
        configurationKey: JSONValue.object(configuration.settings).line,
        samplesKey: trainer.plan.samples.json.line,
      ]
      metadata[bestKey] = bestScore.map { "\($0)" }
      try writeSafetensors(to: path, tensors: tensors, metadata: metadata)
    }
  }
}

extension TensorContents {
  /// The floats to be held at a time, so that the host never has a second copy of a whole model.
  private static let stretch = 1 << 18

  /// A tensor that lies in a device's memory and is read from there as it is written.
  fileprivate init(name: String, _ entry: ParameterArena.Entry, in buffer: any DeviceBuffer) {
    self.init(name: name, type: .float32, shape: entry.shape.dimensions) { sink throws(FileError) in
      for start in stride(from: 0, to: entry.shape.count, by: Self.stretch) {
        let count = min(Self.stretch, entry.shape.count - start)
        let values: [Float]
        do throws(DeviceError) {
          values = try buffer.read(Float.self, at: entry.offset + start, count: count)
        } catch {
          throw FileError(sink.path, at: .part("tensor \"\(name)\""), "its numbers cannot be had: \(error.message)")
        }
        try sink.write(values)
      }
    }
  }
}

extension Trainer {
  /// Goes on where a checkpoint was written.
  public func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    try loadParameters(checkpoint.file)
    for (name, buffer) in states {
      try arena.load(checkpoint.file, prefix: "\(Checkpoint.statePrefix)\(name).", into: buffer)
    }
    restore(step: checkpoint.step)
  }

  /// Takes every parameter and statistic from a file, by name; what a run adds beside them is ignored, and so are
  /// PyTorch's counts of batches and second names of one of this model's tensors, as tied weights have.
  ///
  /// - Throws: `TrainingError` that names the file and the first parameter that is missing, has another shape, or is
  ///   not one of this model's.
  public func loadParameters(_ file: SafetensorsFile) throws(TrainingError) {
    let state = ModelState(
      arena: arena, parameters: parameters, statisticsArena: statisticsArena, statistics: statistics)
    try state.load(file)
    let known = Set((arena.entries + statisticsArena.entries).map(\.name))
    let foreign = file.entries.filter {
      !known.contains($0.name) && !$0.name.hasPrefix(Checkpoint.statePrefix)
        && !$0.name.hasSuffix("num_batches_tracked")
    }
    for tensor in foreign where try !isAlias(tensor.name, tensor.shape, in: file) {
      throw TrainingError(
        "\(file.path): holds \(tensor.name), which is no parameter of this model (\(known.sorted().joined(separator: ", ")))"
      )
    }
  }

  /// Whether a tensor holds the very numbers of one of this model's parameters.
  private func isAlias(_ name: String, _ shape: [Int], in file: SafetensorsFile) throws(TrainingError) -> Bool {
    try TrainingError.wrapping {
      let candidates = arena.entries.filter { $0.shape.dimensions == shape }
      guard !candidates.isEmpty else { return false }
      let values = try file.floats(name)
      return try candidates.contains { try file.floats($0.name) == values }
    }
  }
}

extension ModelState {
  /// Takes parameters and statistics from a file, by name.
  func load(_ file: SafetensorsFile) throws(TrainingError) {
    try arena.load(file, prefix: "", into: parameters)
    try statisticsArena.load(file, prefix: "", into: statistics)
  }
}

extension ParameterArena {
  /// Fills an arena from a file's tensors of the parameters' names behind a prefix.
  func load(_ file: SafetensorsFile, prefix: String, into buffer: any DeviceBuffer) throws(TrainingError) {
    for entry in entries {
      let name = prefix + entry.name
      guard let stored = file[name] else { throw TrainingError("\(file.path): holds no \(name)") }
      guard stored.shape == entry.shape.dimensions else {
        throw TrainingError("\(file.path): \(name) has shape \(stored.shape), but the model needs \(entry.shape)")
      }
      try TrainingError.wrapping { try buffer.write(try file.floats(name), at: entry.offset) }
    }
  }
}
