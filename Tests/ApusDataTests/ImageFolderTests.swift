import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Folders of pictures")
struct ImageFolderTests {
  /// A picture whose samples are all `value`.
  private func plain(_ value: UInt8, width: Int = 2, height: Int = 2, channels: Int = 1) throws -> [UInt8] {
    try PixelImage(
      width: width, height: height, channelCount: channels,
      samples: [UInt8](repeating: value, count: width * height * channels)
    ).encodedPNG()
  }

  private func load(
    _ folder: TemporaryFolder, _ change: (inout ImageOptions) -> Void = { _ in }
  ) throws -> Dataset {
    var options = DatasetOptions()
    options.downloader = Downloader(cacheFolder: folder.file("cache"))
    change(&options.images)
    return try Dataset.load("images:" + folder.file("set"), options: options)
  }

  private func failure(
    _ folder: TemporaryFolder, _ change: (inout ImageOptions) -> Void = { _ in }
  ) throws -> String {
    try #require(throws: DataError.self) { try load(folder, change) }.description
      .replacing(folder.path + "/", with: "")
  }

  /// The first sample of each picture.
  private func values(_ table: Table) -> [Float] {
    (0..<table.count).map { (table.features(of: $0)[0] * 255).rounded() }
  }

  @Test(arguments: ["test", "val", "validation"])
  func aPairIsReadInOrder(name: String) throws {
    try withTemporaryFolder { folder in
      for (path, value) in [
        ("train/dog/b.png", 3), ("train/dog/a.PNG", 2), ("train/cat/deep/x.png", 1), ("\(name)/cat/1.png", 4),
        ("\(name)/dog/1.png", 5),
      ] { try folder.write(try plain(UInt8(value)), to: "set/" + path) }
      try folder.write("not a picture", to: "set/train/cat/notes.txt")
      try folder.write("hidden", to: "set/train/cat/.hidden.png")
      let dataset = try load(folder)
      #expect(dataset.classNames == ["cat", "dog"] && dataset.sampleShape == [3, 2, 2])
      #expect(values(dataset.training) == [1, 2, 3] && dataset.training.labels == [0, 1, 1])
      #expect(values(dataset.validation) == [4, 5] && dataset.validation.labels == [0, 1])
      #expect(dataset.name == "images:" + folder.file("set") && dataset.warnings.isEmpty)
      #expect(dataset.training.elementType == .uint8)
    }
  }

  @Test func aFractionOfEachClassIsDrawn() throws {
    try withTemporaryFolder { folder in
      for index in 0..<30 {
        // A class that happens to be called "train" holds pictures, not folders.
        try folder.write(try plain(UInt8(index)), to: "set/\(index < 20 ? "train" : "bus")/\(100 + index).png")
      }
      func split(_ seed: UInt64) throws -> (Dataset, [Float]) {
        let dataset = try load(folder) {
          $0.validationFraction = 0.2
          $0.seed = seed
        }
        #expect(dataset.classNames == ["bus", "train"])
        #expect(dataset.validation.labels == [0, 0, 1, 1, 1, 1])
        #expect((values(dataset.training) + values(dataset.validation)).sorted() == (0..<30).map { Float($0) })
        for (value, label) in zip(values(dataset.validation), dataset.validation.labels) {
          #expect((value < 20) == (label == 1))
        }
        return (dataset, values(dataset.validation))
      }
      let first = try split(1).1
      #expect(try split(1).1 == first)
      #expect(try split(2).1 != first)
    }
  }

  @Test func picturesAreBroughtToOneSize() throws {
    try withTemporaryFolder { folder in
      try folder.write(try plain(10, width: 4, height: 6, channels: 3), to: "set/a/1.png")
      try folder.write(try plain(20, width: 30, height: 8), to: "set/a/2.png")
      try folder.write(try plain(30, width: 4, height: 6), to: "set/b/1.png")
      try folder.write(try plain(40, width: 1, height: 1), to: "set/b/2.png")
      let first = try load(folder) { $0.validationFraction = 0.5 }
      #expect(first.sampleShape == [3, 6, 4] || first.sampleShape == [3, 8, 30])
      let grey = try load(folder) {
        $0.validationFraction = 0.5
        $0.size = ImageOptions.Size(parsing: "3x5")
        $0.channelCount = 1
      }
      #expect(grey.sampleShape == [1, 3, 5])
      #expect((values(grey.training) + values(grey.validation)).sorted() == [10, 20, 30, 40])
      #expect(grey.training.features(of: 0).allSatisfy { $0 == grey.training.features(of: 0)[0] })
    }
    #expect(ImageOptions.Size(parsing: "32") == ImageOptions.Size(height: 32, width: 32))
    #expect(ImageOptions.Size(parsing: "32")?.description == "32")
    #expect(ImageOptions.Size(parsing: "3x5")?.description == "3x5")
    for text in ["", "0", "3x", "3x4x5", "-2", "5000", "a"] { #expect(ImageOptions.Size(parsing: text) == nil) }
  }

  private func pair(_ folder: TemporaryFolder) throws {
    for (index, path) in ["train/a/1", "train/a/2", "train/b/1", "test/a/1", "test/b/1"].enumerated() {
      try folder.write(try plain(UInt8(index + 1)), to: "set/\(path).png")
    }
  }

  @Test func aDamagedPictureIsNamedOrLeftOut() throws {
    try withTemporaryFolder { folder in
      try pair(folder)
      try folder.write(Array(try plain(9).dropLast(30)), to: "set/train/a/0.png")
      try folder.write("nothing", to: "set/test/b/2.jpg")
      let cause = "set/train/a/0.png: the PNG is damaged: read beyond end of data"
      #expect(try failure(folder) == cause)
      // A second load gives the warning from the prepared file.
      for _ in 0..<2 {
        let dataset = try load(folder) { $0.errors = .skip }
        #expect(values(dataset.training) == [1, 2, 3] && dataset.validation.labels == [0, 1])
        #expect(
          dataset.warnings.map { $0.replacing(folder.path + "/", with: "") }
            == ["set: 2 of 7 pictures cannot be read and are left out; the first is \(cause)"])
      }
      try folder.write("nothing", to: "set/test/a/1.png")
      try folder.write("nothing", to: "set/test/b/1.png")
      #expect(
        try failure(folder, { $0.errors = .skip })
          == "set: none of the validation pictures can be read: set/test/a/1.png: byte 0: not a picture in a known "
          + "format; JPEG and PNG can be read")
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withTemporaryFolder { folder in
      #expect(try failure(folder) == "set: cannot list: No such file or directory")
      func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file("set/" + path), withIntermediateDirectories: true)
      }
      try make("")
      #expect(
        try failure(folder)
          == "set: there are no folders here; a folder per class is needed, and two classes or more")
      try make("train/a")
      #expect(
        try failure(folder)
          == "set: has train/ but no test/, val/ or validation/; add it, or name the folder with the classes' folders")
      try make("test/a")
      #expect(try failure(folder).hasPrefix("set/train: there is one folder only, \"a\"; "))
      try make("train/b")
      #expect(try failure(folder) == "set/train/a: there are no pictures here; JPEG and PNG are read")
      for path in ["train/a", "train/b", "test/a"] { try folder.write(try plain(1), to: "set/\(path)/1.png") }
      #expect(try failure(folder).hasPrefix("set/test: there is one folder only"))
      try folder.write(try plain(1), to: "set/test/c/1.png")
      #expect(try failure(folder) == "set/test: there is no folder \"b\", which the other part has")
      try folder.write(try plain(1), to: "set/test/b/1.png")
      #expect(try failure(folder) == "set/train: there is no folder \"c\", which the other part has")
    }
    try withTemporaryFolder { folder in
      for name in ["a", "b"] { try folder.write(try plain(1), to: "set/\(name)/1.png") }
      #expect(try failure(folder).hasPrefix("set: no class has pictures enough to keep 0.1 of them"))
      #expect(try failure(folder, { $0.validationFraction = 0 }) == "images-validation: 0.0 is not above 0 and below 1")
      #expect(try failure(folder, { $0.channelCount = 2 }) == "image-channels: 2 is neither 1 nor 3")
    }
  }

  // MARK: The prepared file

  private func preparedPath(_ folder: TemporaryFolder) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("cache/images"))
    return folder.file("cache/images/" + (try #require(names.count == 1 ? names[0] : nil)))
  }

  @Test func preparedPicturesAreNotDecodedAgain() throws {
    try withTemporaryFolder { folder in
      try pair(folder)
      let path = folder.file("set/train/a/1.png")
      func set(time: Double) throws {
        let date = Date(timeIntervalSince1970: time)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
      }
      try set(time: 5)
      _ = try load(folder)
      // The file changes while its size and time stay: only decoding again would notice.
      var picture = try bytes(of: path)
      picture[picture.count - 20] ^= 0xFF
      try folder.write(picture, to: "set/train/a/1.png")
      try set(time: 5)
      #expect(values(try load(folder).training) == [1, 2, 3])
      // Another time, and it is noticed.
      try set(time: 9)
      #expect(try failure(folder).hasPrefix("set/train/a/1.png: "))
      try folder.write(try plain(77), to: "set/train/a/1.png")
      #expect(values(try load(folder).training) == [77, 2, 3])
      try folder.write(try plain(78), to: "set/train/b/2.png")
      #expect(values(try load(folder).training) == [77, 2, 3, 78])
      try FileManager.default.removeItem(atPath: folder.file("set/train/a/2.png"))
      #expect(values(try load(folder).training) == [77, 3, 78])
      _ = try preparedPath(folder)
    }
  }

  @Test func aDamagedPreparedFileIsMadeAgain() throws {
    try withTemporaryFolder { folder in
      try pair(folder)
      _ = try load(folder)
      let path = try preparedPath(folder)
      let good = try bytes(of: path)
      // The parts begin where they are aligned; what lies in between is padding.
      let index = good.count - 16 - Int(good[good.count - 16]) - 256 * Int(good[good.count - 15])
      for place in index..<good.count {
        var damaged = good
        damaged[place] ^= 0x11
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        #expect(values(try load(folder).training) == [1, 2, 3], "byte \(place)")
      }
      for count in [0, 1, 15, 16, 17, good.count / 2, good.count - 1] {
        try Data(good[..<count]).write(to: URL(fileURLWithPath: path))
        #expect(values(try load(folder).validation) == [4, 5])
      }
      #expect(try bytes(of: path) == good)
    }
  }

  @Test func withoutACacheFolderItStillLoads() throws {
    try withTemporaryFolder { folder in
      try pair(folder)
      try folder.write("a file where the folder should be", to: "cache")
      #expect(values(try load(folder).training) == [1, 2, 3])
      #expect(folder.names == ["cache", "set"])
    }
  }

  @Test(.enabled(if: dataFolder != nil, "needs cifar10-images below APUS_DATA_DIR"))
  func realPictures() throws {
    try withTemporaryFolder { folder in
      var options = ImageOptions()
      let path = try #require(dataFolder) + "/cifar10-images"
      func load() throws -> Dataset { try Dataset(images: path, options: options, cacheFolder: folder.path) }
      let (cold, warm) = (try load(), try load())
      #expect(cold.training.count == 50_000 && cold.validation.count == 10_000 && cold.sampleShape == [3, 32, 32])
      #expect(
        cold.classNames == ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])
      #expect(
        cold.training.features.block?.withBytes(MD5.hexadecimal)
          == warm.training.features.block?.withBytes(MD5.hexadecimal))
      let moments = try #require(warm.channelMoments)
      // The published figures of CIFAR-10; compression changed them a little.
      for (value, known) in zip(moments.means + moments.deviations, [0.4914, 0.4822, 0.4465, 0.2470, 0.2435, 0.2616]) {
        #expect(abs(value - known) < 0.003)
      }
      options.size = ImageOptions.Size(height: 16, width: 16)
      options.channelCount = 1
      let small = try load()
      #expect(small.sampleShape == [1, 16, 16])
    }
  }
}
