import Apus

extension RunConfiguration {
  /// Loads the data set, showing on `screen` how far downloads are and what there is to warn of.
  func loadDataset(on screen: Terminal) throws -> Dataset {
    let dataset = try loadDataset(downloader: DownloadDisplay.downloader(on: screen))
    for warning in dataset.warnings { screen.writeLine("warning: \(warning)") }
    return dataset
  }
}
