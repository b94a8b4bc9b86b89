import Apus

extension RunConfiguration {
  /// Loads the data, showing on `screen` how far downloads are and what there is to warn of.
  func loadData(on screen: Terminal) throws -> TrainingData {
    let data = try loadData(downloader: DownloadDisplay.downloader(on: screen))
    if case .samples(let dataset) = data {
      for warning in dataset.warnings { screen.writeLine("warning: \(warning)") }
    }
    return data
  }
}
