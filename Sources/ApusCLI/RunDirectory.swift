import Apus
import Foundation

/// A run's directory on disk.
struct RunDirectory {
  let path: String

  init(_ path: String) { self.path = path }

  func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

  /// The file to load a model from: the directory's last checkpoint or best one, or the path itself if it is a file.
  var checkpoint: String { modelFile(best: false) }

  func modelFile(best: Bool) -> String {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    return exists && !isDirectory.boolValue ? path : file(best ? Run.bestName : Run.checkpointName)
  }

  /// The directory for a new or resumed run.
  ///
  /// - Throws: `TrainingError` when a new run would replace one that is there.
  static func target(
    named name: String?, for configuration: RunConfiguration, isResumed: Bool, overwriting: Bool
  ) throws(TrainingError) -> RunDirectory {
    func holdsRun(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: RunDirectory(path).file(Run.metricsName))
    }
    if let name {
      guard isResumed || overwriting || !holdsRun(name) else {
        throw TrainingError(
          "\(name): already holds a run; go on with it by --resume, replace it by --overwrite, or choose another --output"
        )
      }
      return RunDirectory(name)
    }
    let base =
      "runs/\(configuration.dataset.fileName)-\(configuration.model.rawValue)-\(configuration.optimizer.rawValue)"
    var candidate = base
    var number = 1
    while holdsRun(candidate) {
      number += 1
      candidate = "\(base)-\(number)"
    }
    return RunDirectory(candidate)
  }

  /// Writes `config.yaml`.
  func writeConfiguration(_ configuration: RunConfiguration) throws(TrainingError) {
    let text =
      "# Everything that this run was made with; run it again with: apus train config.yaml\n"
      + YAML.text(configuration.settings)
    try write(text, to: file("config.yaml"))
  }

  /// Draws `curves.svg` from the metrics.
  func drawCurves(title: String) throws(TrainingError) {
    do throws(FileError) {
      let metrics = try JSONLines.read(file(Run.metricsName))
      try RunCurves(name: title, metrics: metrics).chart(title: title).writeSVG(to: file("curves.svg"))
    } catch {
      throw TrainingError(error.description)
    }
  }

  /// Writes a text file whole or not at all.
  func write(_ text: String, to path: String) throws(TrainingError) {
    do throws(FileError) {
      try atomicallyWrite(to: path) { sink throws(FileError) in try sink.write(text) }
    } catch {
      throw TrainingError(error.description)
    }
  }

  /// A path as a shell takes it.
  static func quoted(_ path: String) -> String {
    path.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
      ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}

extension String {
  /// The name of data as a part of a file's name: that of the file or folder for `csv:FILE` and its like.
  var fileName: String {
    contains(":") || contains("/")
      ? ((split(separator: ":", maxSplits: 1).last.map(String.init) ?? self as String) as NSString).lastPathComponent
        .components(separatedBy: ".")[0] : self
  }
}

extension TrainingData {
  /// What there is to train on, in one line.
  var summary: String {
    switch self {
    case .samples(let dataset):
      "\(name): \(Quantity.count(dataset.training.count)) training and "
        + "\(Quantity.count(dataset.validation.count)) validation samples, \(dataset.classCount) classes"
    case .text(let text):
      "\(name): \(Quantity.count(text.training.count)) training and \(Quantity.count(text.validation.count)) validation "
        + "tokens, a vocabulary of \(text.vocabulary.count)"
    }
  }
}
