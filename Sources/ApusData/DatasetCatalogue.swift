import ApusFormats
import Foundation

/// What is needed to load a data set, apart from its name.
public struct DatasetOptions: Sendable {
  /// The folder that holds data sets' files; `APUS_DATA_DIR` from the environment when nil.
  public var dataFolder: String?
  /// How a CSV file is read.
  public var csv = CSVOptions()
  /// What fetches files that are nowhere here.
  public var downloader = Downloader()

  /// The defaults stated above.
  public init() {}

  var resolvedDataFolder: String? {
    if let dataFolder { return dataFolder }
    let named = ProcessInfo.processInfo.environment["APUS_DATA_DIR"] ?? ""
    return named.isEmpty ? nil : named
  }
}

/// The data sets that are known by name: one row each.
public struct DatasetCatalogue: Sendable {
  /// A data set that can be loaded.
  public struct Entry: Sendable {
    /// The name on the command line.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    let load: @Sendable (DatasetOptions) throws(DataError) -> Dataset
  }

  /// The data sets, built-in ones first.
  public static let entries: [Entry] = [
    Entry(name: "digits", summary: "built in: 60,000 + 10,000 generated digits, 28×28 grey, 10 classes") {
      _ throws(DataError) in .digits()
    },
    Entry(name: "mnist", summary: "handwritten digits, 60,000 + 10,000, 28×28 grey, 10 classes") {
      options throws(DataError) in
      try MNIST.digits.load(dataFolder: options.resolvedDataFolder, downloader: options.downloader)
    },
    Entry(name: "fashion-mnist", summary: "clothing, 60,000 + 10,000, 28×28 grey, 10 classes") {
      options throws(DataError) in
      try MNIST.fashion.load(dataFolder: options.resolvedDataFolder, downloader: options.downloader)
    },
  ]

  /// The prefix of a name that is a CSV file's path.
  private static let csvPrefix = "csv:"
}

extension Dataset {
  /// Loads a data set by its name in the catalogue, or `csv:FILE`.
  ///
  /// - Throws: `DataError` when there is no such data set, or it cannot be read or fetched.
  public static func load(_ name: String, options: DatasetOptions = DatasetOptions()) throws(DataError) -> Dataset {
    try DatasetCatalogue.load(name, options: options)
  }
}

extension DatasetCatalogue {
  fileprivate static func load(_ name: String, options: DatasetOptions) throws(DataError) -> Dataset {
    if name.hasPrefix(csvPrefix) {
      return try Dataset(csv: String(name.dropFirst(csvPrefix.count)), options: options.csv)
    }
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw .unknownDataset(name, known: entries.map(\.name) + [csvPrefix + "FILE"])
    }
    return try entry.load(options)
  }
}
