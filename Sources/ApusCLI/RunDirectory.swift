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
    let source =
      configuration.dataset.hasPrefix("csv:")
      ? ((configuration.dataset as NSString).lastPathComponent as NSString).deletingPathExtension
      : configuration.dataset
    let base = "runs/\(source)-\(configuration.model.rawValue)-\(configuration.optimizer.rawValue)"
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
