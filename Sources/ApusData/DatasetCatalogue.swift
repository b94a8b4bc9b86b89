import ApusFormats
import Foundation

/// What is needed to load a data set, apart from its name.
public struct DatasetOptions: Sendable {
  /// The folder that holds data sets' files; `APUS_DATA_DIR` from the environment when nil.
  public var dataFolder: String?
  /// How a CSV file is read.
  public var csv = CSVOptions()
  /// How a folder of pictures is read.
  public var images = ImageOptions()
  /// How film reviews become bags of words.
  public var reviews = ReviewOptions()
  /// How a text becomes tokens.
  public var text = TextOptions()
  /// What fetches files that are nowhere here, and where prepared files are kept.
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
  /// Data that can be loaded.
  public struct Entry: Sendable {
    /// The name on the command line, up to the colon where an argument follows.
    public let name: String
    /// What follows the name and a colon, such as `FILE`; nil for nothing.
    public let argument: String?
    /// What it is, in a few words.
    public let summary: String
    let load: @Sendable (_ argument: String, DatasetOptions) throws(DataError) -> TrainingData

    /// How it is written on the command line, such as `csv:FILE`.
    public var form: String { argument.map { "\(name):\($0)" } ?? name }

    private init(
      _ name: String, _ argument: String?, _ summary: String,
      load: @escaping @Sendable (String, DatasetOptions) throws(DataError) -> TrainingData
    ) {
      self.name = name
      self.argument = argument
      self.summary = summary
      self.load = load
    }

    fileprivate static func samples(
      _ name: String, taking argument: String? = nil, _ summary: String,
      load: @escaping @Sendable (String, DatasetOptions) throws(DataError) -> Dataset
    ) -> Entry {
      Entry(name, argument, summary) { argument, options throws(DataError) in .samples(try load(argument, options)) }
    }

    fileprivate static func text(
      _ name: String, taking argument: String? = nil, _ summary: String,
      load: @escaping @Sendable (String, DatasetOptions) throws(DataError) -> TextDataset
    ) -> Entry {
      Entry(name, argument, summary) { argument, options throws(DataError) in .text(try load(argument, options)) }
    }
  }

  /// The data sets: first those known by name alone, then those in files of the user's.
  public static let entries: [Entry] = [
    .samples("digits", "built in: 60,000 + 10,000 generated digits, 28×28 grey, 10 classes") { _, _ in .digits() },
    .samples("mnist", "handwritten digits, 60,000 + 10,000, 28×28 grey, 10 classes") {
      _, options throws(DataError) in
      try MNIST.digits.load(dataFolder: options.resolvedDataFolder, downloader: options.downloader)
    },
    .samples("fashion-mnist", "clothing, 60,000 + 10,000, 28×28 grey, 10 classes") {
      _, options throws(DataError) in
      try MNIST.fashion.load(dataFolder: options.resolvedDataFolder, downloader: options.downloader)
    },
    .samples("cifar10", "photographs, 50,000 + 10,000, 32×32 in colours, 10 classes") { _, options throws(DataError) in
      try CIFAR10.load(options)
    },
    .samples("imdb", "film reviews as bags of words, 25,000 + 25,000, 2 classes") { _, options throws(DataError) in
      try IMDB.load(options)
    },
    .text("shakespeare", "1.1 million characters of his plays") { _, options throws(DataError) in
      try .shakespeare(options)
    },
    .samples("csv", taking: "FILE", "a table of numbers with a column of labels") { path, options throws(DataError) in
      try Dataset(csv: path, options: options.csv)
    },
    .samples("images", taking: "DIR", "a folder of JPEG or PNG pictures per class") { path, options throws(DataError) in
      try Dataset(images: path, options: options.images, cacheFolder: options.downloader.cacheFolder)
    },
    .text("text", taking: "FILE", "any text, by characters or bytes") { path, options throws(DataError) in
      try TextDataset(path: path, options: options.text)
    },
  ]

  static func load(_ name: String, options: DatasetOptions) throws(DataError) -> TrainingData {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let argument = parts.count == 2 ? parts[1] : nil
    guard let entry = entries.first(where: { $0.name == parts[0] && ($0.argument == nil) == (argument == nil) }) else {
      throw .unknownDataset(name, known: entries.map(\.form))
    }
    guard argument != "" else { throw .invalidOption(name, cause: "nothing follows the colon; write \(entry.form)") }
    return try entry.load(argument ?? "", options)
  }
}
