import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Bags of words")
struct IMDBTests {
  private static let reviews: [(path: String, text: String)] = [
    ("train/neg/0_1.txt", "Bad, BAD film.<br /><br />It's bad!"), ("train/neg/1_2.txt", "a bad 'plot' — don't"),
    ("train/pos/0_9.txt", "A good film<BR>a GREAT plot; CAFÉ café"), ("test/neg/0_3.txt", "bad unknown words"),
    ("test/pos/0_8.txt", "good good <br good"), ("test/pos/1_7.txt", "!?"),
  ]

  private func write(_ folder: TemporaryFolder, to base: String) throws {
    for (path, text) in IMDBTests.reviews { try folder.write(text, to: "\(base)/\(path)") }
    try folder.write("ignored", to: "\(base)/train/unsup/0_0.txt")
    try folder.write("ignored", to: "\(base)/train/pos/urls.lst")
  }

  private func load(
    _ folder: TemporaryFolder, _ change: (inout ReviewOptions) -> Void = { _ in }
  ) throws -> Dataset {
    var options = DatasetOptions()
    options.dataFolder = folder.file("data")
    options.downloader = Downloader(cacheFolder: folder.file("cache"), rounds: 0)
    change(&options.reviews)
    return try Dataset.load("imdb", options: options)
  }

  private func check(_ dataset: Dataset) throws {
    #expect(dataset.classNames == ["negative", "positive"])
    #expect(dataset.training.labels == [0, 0, 1] && dataset.validation.labels == [0, 1, 1])
    // bad 4, a 3, then those that occur twice by spelling, then the rest.
    #expect(
      dataset.words == ["bad", "a", "café", "film", "plot", "don't", "good", "great", "it's"])
    let rows = try #require(dataset.training.features.sparseRows)
    #expect(rows.columnCount == 9 && rows.rowStarts == [0, 3, 7, 13])
    #expect(rows.columns == [0, 3, 8, 0, 1, 4, 5, 1, 2, 3, 4, 6, 7])
    #expect(dataset.validation.features(of: 2) == [Float](repeating: 0, count: 9))
  }

  @Test(arguments: ["data/aclImdb", "data", "data/imdb/aclImdb", "data/imdb"])
  func readsFolders(base: String) throws {
    try withTemporaryFolder { folder in
      try write(folder, to: base)
      // The second time from the prepared file.
      for _ in 0..<2 {
        let dataset = try load(folder)
        try check(dataset)
        #expect(dataset.training.features(of: 0) == [1, 0, 0, 1, 0, 0, 0, 0, 1])
        let counts = try load(folder) { $0.features = .counts }
        try check(counts)
        #expect(counts.training.features(of: 0) == [3, 0, 0, 1, 0, 0, 0, 0, 1])
        #expect(counts.training.features(of: 2) == [0, 2, 2, 1, 1, 0, 1, 1, 0])
        #expect(counts.validation.features(of: 1) == [0, 0, 0, 0, 0, 0, 3, 0, 0])
      }
      let few = try load(folder) { $0.wordCount = 2 }
      #expect(few.words == ["bad", "a"] && few.sampleShape == [2])
    }
  }

  @Test(arguments: ["aclImdb_v1.tar.gz", "imdb/aclImdb_v1.tar"])
  func readsArchives(name: String) throws {
    try withTemporaryFolder { folder in
      let tar = TarFile.encoded(
        IMDBTests.reviews.reversed().map { ("aclImdb/" + $0.path, Array($0.text.utf8)) }
          + [("aclImdb/train/unsup/1.txt", [1, 2, 3]), ("aclImdb/README", [])])
      try folder.write(name.hasSuffix(".gz") ? try #require(gzipped(tar)) : tar, to: "data/" + name)
      try check(try load(folder))
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withTemporaryFolder { folder in
      try write(folder, to: "data/aclImdb")
      func failure(_ change: (inout ReviewOptions) -> Void = { _ in }) throws -> String {
        try #require(throws: DataError.self) { try load(folder, change) }.description
          .replacing(folder.path + "/", with: "")
      }
      #expect(try failure({ $0.wordCount = 0 }) == "imdb-words: 0 is not from 1 to 1000000")
      try FileManager.default.removeItem(atPath: folder.file("data/aclImdb/test/neg/0_3.txt"))
      #expect(try failure() == "data/aclImdb/test/neg: there are no reviews here")
      try FileManager.default.removeItem(atPath: folder.file("data/aclImdb/test/neg"))
      #expect(try failure() == "data/aclImdb/test/neg: cannot list: No such file or directory")
      try FileManager.default.removeItem(atPath: folder.file("data/aclImdb"))
      #expect(try failure().hasPrefix("cannot download aclImdb_v1.tar.gz: "))
      try folder.write(TarFile.encoded([("aclImdb/train/neg/1.txt", [65])]), to: "data/aclImdb_v1.tar")
      #expect(
        try failure()
          == "data/aclImdb_v1.tar: the archive holds no train/pos; it must be aclImdb_v1.tar.gz as published")
    }
  }

  @Test(.enabled(if: dataFolder != nil, "needs aclImdb below APUS_DATA_DIR"))
  func realReviews() throws {
    try withTemporaryFolder { folder in
      var options = DatasetOptions()
      options.dataFolder = dataFolder
      options.downloader = Downloader(cacheFolder: folder.path)
      for _ in 0..<2 {
        let dataset = try Dataset.load("imdb", options: options)
        #expect(dataset.training.count == 25_000 && dataset.validation.count == 25_000)
        #expect(dataset.words.prefix(5) == ["the", "and", "a", "of", "to"] && dataset.words.count == 10_000)
        #expect(dataset.training.labels.reduce(0, +) == 12_500)
        let rows = try #require(dataset.training.features.sparseRows)
        #expect(rows.values.count == 3_234_599 && rows.longestRow == 588)
      }
    }
  }
}
