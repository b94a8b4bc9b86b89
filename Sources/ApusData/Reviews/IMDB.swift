import ApusFormats
import Foundation

/// The large set of film reviews: 25,000 to train on and as many to test on, half of them favourable.
///
/// Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011, https://ai.stanford.edu/~amaas/data/sentiment/
enum IMDB {
  static let classNames = ["negative", "positive"]
  private static let archive = "aclImdb_v1.tar"
  /// The folders of a split, by label.
  private static let folders = ["neg", "pos"]

  /// Reads the reviews from the folder that the user names, as a folder or as their archive; else from the cache,
  /// downloading what is missing.
  static func load(_ options: DatasetOptions) throws(DataError) -> Dataset {
    let reviews = try options.reviews.validated()
    if let local = try LocalFiles(of: "imdb", in: options.resolvedDataFolder) {
      let bases = ["", "imdb/"]
      if let train = local.first(of: (bases.map { $0 + "aclImdb/train" } + ["imdb/train", "train/pos"])) {
        // "train/pos" tells the folder itself from others that hold a train/ too.
        var folder = (train as NSString).deletingLastPathComponent
        if train.hasSuffix("train/pos") { folder = (folder as NSString).deletingLastPathComponent }
        return try load(folder: folder, reviews, options)
      }
      if let found = local.first(of: bases.flatMap { base in [".gz", ""].map { base + archive + $0 } }) {
        return try load(archive: found, reviews, options)
      }
    }
    let paths = try options.downloader.fetch(
      [RemoteFile(name: archive, md5: "7c2ac02c03563afcf9b574c7e56c153a")], of: "imdb",
      from: ["https://ai.stanford.edu/~amaas/data/sentiment/"])
    return try load(archive: paths[0], reviews, options)
  }

  /// Texts with their labels.
  private typealias Texts = (texts: [BagOfWords.Text], labels: [Int32])

  private static func load(
    folder: String, _ reviews: ReviewOptions, _ options: DatasetOptions
  ) throws(DataError) -> Dataset {
    let splits = try asDataError { () throws(FileError) in
      try ["train", "test"].map { split throws(FileError) in
        try folders.map { name throws(FileError) in
          let path = (folder as NSString).appendingPathComponent("\(split)/\(name)")
          let files = try FolderListing.files(below: path, endings: ["txt"])
          guard !files.isEmpty else { throw FileError(path, "there are no reviews here") }
          return files
        }
      }
    }
    return try load(splits.flatMap { $0.flatMap(\.self) }, folder, reviews, options) { () throws(FileError) in
      splits.map { classes in
        (
          classes.flatMap { $0.map { .file($0.path) } },
          classes.enumerated().flatMap { label, files in files.map { _ in Int32(label) } }
        )
      }
    }
  }

  private static func load(
    archive path: String, _ reviews: ReviewOptions, _ options: DatasetOptions
  ) throws(DataError) -> Dataset {
    try load([FolderListing.file(path)].compactMap(\.self), path, reviews, options) { () throws(FileError) in
      var found: [String: [(name: String, text: ByteStorage)]] = [:]
      var reader = try TarReader(path: path)
      while let entry = try reader.next() {
        let parts = entry.name.split(separator: "/").suffix(3).map(String.init)
        guard parts.count == 3, parts[2].hasSuffix(".txt"), folders.contains(parts[1]) else { continue }
        found["\(parts[0])/\(parts[1])", default: []].append((parts[2], try reader.contents(of: entry)))
      }
      return try ["train", "test"].map { split throws(FileError) in
        var texts: Texts = ([], [])
        for (label, name) in folders.enumerated() {
          guard let files = found["\(split)/\(name)"] else {
            throw FileError(
              path, "the archive holds no \(split)/\(name)", remedy: "it must be \(archive).gz as published")
          }
          for file in files.sorted(by: { $0.name < $1.name }) {
            texts.texts.append(.bytes(file.text))
            texts.labels.append(Int32(label))
          }
        }
        return texts
      }
    }
  }

  /// The prepared bags of words of `source`, made of `collect`'s training and test texts where they are not there.
  private static func load(
    _ files: [FolderListing.File], _ source: String, _ reviews: ReviewOptions, _ options: DatasetOptions,
    collect: () throws(FileError) -> [Texts]
  ) throws(DataError) -> Dataset {
    var fingerprint = Fingerprint("imdb", reviews.features.rawValue, "\(reviews.wordCount)")
    fingerprint.add(files)
    let cache = PreparedFiles(folder: (options.downloader.cacheFolder as NSString).appendingPathComponent("imdb"))
    let name = "\(reviews.features.rawValue)-\(reviews.wordCount).data"
    return try cache.load(name, fingerprint: fingerprint.digest) { writer throws(FileError) in
      let splits = try collect()
      let training = try BagOfWords(splits[0].texts)
      let words = training.mostFrequent(reviews.wordCount)
      guard !words.isEmpty else { throw FileError(source, "there are no words in the training reviews") }
      for (split, bag, labels) in [
        ("training", training, splits[0].labels), ("validation", try BagOfWords(splits[1].texts), splits[1].labels),
      ] {
        guard let rows = bag.rows(of: words, features: reviews.features) else {
          throw FileError(source, "the reviews have more words than are supported")
        }
        try writer.write(split + ".starts", rows.rowStarts)
        try writer.write(split + ".columns", rows.columns)
        try writer.write(split + ".values", rows.values)
        try writer.write(split + ".labels", labels)
      }
      return ["words": .array(words.map(JSONValue.string))]
    } read: { file in
      dataset(file)
    }
  }

  /// The data set of a prepared file; nil where it is not one.
  private static func dataset(_ file: PreparedFile) -> Dataset? {
    guard let words = file.details["words"]?.array?.compactMap(\.string) else { return nil }
    func table(_ split: String) -> Table? {
      guard let starts = file.array(split + ".starts", of: Int32.self),
        let columns = file.array(split + ".columns", of: Int32.self),
        let values = file.array(split + ".values", of: Float.self),
        let labels = file.array(split + ".labels", of: Int32.self),
        let rows = SparseRows(columnCount: words.count, rowStarts: starts, columns: columns, values: values),
        rows.count == labels.count, labels.allSatisfy({ 0...1 ~= $0 })
      else { return nil }
      return Table(count: labels.count, sampleShape: [words.count], features: .sparse(rows), labels: labels)
    }
    guard let training = table("training"), let validation = table("validation") else { return nil }
    return Dataset(
      name: "imdb", training: training, validation: validation, classNames: classNames, words: words)
  }
}
