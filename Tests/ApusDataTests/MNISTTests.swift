import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

/// The folder of real data, which some tests need and are skipped without.
let dataFolder = ProcessInfo.processInfo.environment["APUS_DATA_DIR"]

@Suite("MNIST and its kin")
struct MNISTTests {
  /// A transport that must not be asked for anything.
  private struct NoTransport: Transport {
    func fetch(_ address: String, from offset: Int, to receiver: any TransportReceiver) throws {
      throw TransportError("no network in this test")
    }
  }

  private func options(_ folder: TemporaryFolder, data: String? = nil) -> DatasetOptions {
    var options = DatasetOptions()
    options.dataFolder = data ?? folder.path
    options.downloader = Downloader(
      cacheFolder: folder.file("cache"), transport: NoTransport(), rounds: 1)
    return options
  }

  private func write(_ folder: TemporaryFolder, pattern: (String, Int) -> String) throws {
    let parts = [("train", 5), ("t10k", 3)]
    for (split, count) in parts {
      let images = IDXFile.encoded(dimensions: [count, 2, 2], elements: (0..<UInt8(count * 4)).map { $0 })
      let labels = IDXFile.encoded(dimensions: [count], elements: (0..<UInt8(count)).map { $0 })
      for (kind, dimensions, bytes) in [("images", 3, images), ("labels", 1, labels)] {
        let name = pattern("\(split)-\(kind)", dimensions)
        try folder.write(name.hasSuffix(".gz") ? try #require(gzipped(bytes)) : bytes, to: name)
      }
    }
  }

  @Test(arguments: [
    "mnist/%@-idx%d-ubyte.gz", "mnist/%@.idx%d-ubyte", "%@-idx%d-ubyte", "%@.idx%d-ubyte.gz",
    "MNIST/raw/%@-idx%d-ubyte",
  ])
  func findsItsFiles(pattern: String) throws {
    try withTemporaryFolder { folder in
      try write(folder) { String(format: pattern.replacing("%@", with: $0), $1) }
      let dataset = try Dataset.load("mnist", options: options(folder))
      #expect(dataset.training.count == 5 && dataset.validation.count == 3)
      #expect(dataset.training.labels == [0, 1, 2, 3, 4])
      #expect(dataset.sampleShape == [1, 2, 2] && dataset.classCount == 10)
    }
  }

  @Test func fashionHasItsOwnFolderAndNames() throws {
    try withTemporaryFolder { folder in
      try write(folder) { "fashion-mnist/\($0)-idx\($1)-ubyte.gz" }
      let dataset = try Dataset.load("fashion-mnist", options: options(folder))
      #expect(dataset.classNames[9] == "ankle boot")
    }
  }

  @Test func aMissingFolderOrFileIsNamed() throws {
    try withTemporaryFolder { folder in
      let missing = try #require(throws: DataError.self) {
        try Dataset.load("mnist", options: options(folder, data: folder.file("none")))
      }
      #expect(
        missing.description
          == "\(folder.file("none")): there is no such folder; name the folder that holds mnist's files")
      try write(folder) { "mnist/\($0)-idx\($1)-ubyte" }
      try FileManager.default.removeItem(atPath: folder.file("mnist/t10k-labels-idx1-ubyte"))
      let partial = try #require(throws: DataError.self) { try Dataset.load("mnist", options: options(folder)) }
      #expect(partial.description.contains("mnist/t10k-labels-idx1-ubyte.gz: missing"))
    }
  }

  @Test func withoutFilesAndNetworkItSaysWhatToDo() throws {
    try withTemporaryFolder { folder in
      let error = try #require(throws: DataError.self) { try Dataset.load("mnist", options: options(folder)) }
      #expect(error.description.hasPrefix("cannot download train-images-idx3-ubyte.gz: https://"))
      #expect(error.description.contains("no network in this test"))
      #expect(error.description.hasSuffix("name their folder with --data-dir or APUS_DATA_DIR"))
    }
  }

  @Test func unknownNamesListTheKnownOnes() throws {
    let error = try #require(throws: DataError.self) { try Dataset.load("mnst") }
    #expect(
      error.description
        == "there is no data set named \"mnst\"; the known ones are "
        + DatasetCatalogue.entries.map(\.form).joined(separator: ", "))
    #expect(error.description.contains("digits, mnist, fashion-mnist, ") && error.description.contains(", csv:FILE"))
    let empty = try #require(throws: DataError.self) { try Dataset.load("csv:") }
    #expect(empty.description == "csv:: nothing follows the colon; write csv:FILE")
  }

  @Test(.enabled(if: dataFolder != nil, "needs MNIST below APUS_DATA_DIR"))
  func realMNIST() throws {
    var options = DatasetOptions()
    options.dataFolder = dataFolder
    let dataset = try Dataset.load("mnist", options: options)
    #expect(dataset.training.count == 60_000 && dataset.validation.count == 10_000)
    #expect(dataset.training.labels.prefix(10) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    #expect(dataset.validation.labels.prefix(5) == [7, 2, 1, 0, 4])
    let sum = try #require(dataset.training.features.block).withBytes { $0.reduce(0) { $0 + Int($1) } }
    #expect(abs(Double(sum) / (60_000 * 784 * 255) - 0.1306605) < 1e-6)
  }
}
