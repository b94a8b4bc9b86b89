import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("CIFAR-10 and archives")
struct CIFAR10Tests {
  private static let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]

  /// A file of two rows: the labels are `number` and `number + 1`, the planes 10, 20 and 30 more than `number`.
  private func batch(_ number: Int) -> [UInt8] {
    (0..<2).flatMap { row in
      [UInt8(number + row)] + (1...3).flatMap { [UInt8](repeating: UInt8(number + 10 * $0), count: 1024) }
    }
  }

  private func options(_ folder: TemporaryFolder) -> DatasetOptions {
    var options = DatasetOptions()
    options.dataFolder = folder.file("data")
    options.downloader = Downloader(cacheFolder: folder.file("cache"), rounds: 0)
    return options
  }

  private func check(_ dataset: Dataset) {
    #expect(dataset.name == "cifar10" && dataset.sampleShape == [3, 32, 32] && dataset.classNames[9] == "truck")
    #expect(dataset.training.labels == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5] && dataset.validation.labels == [5, 6])
    let picture = dataset.training.features(of: 4)
    #expect(
      [picture[0], picture[1023], picture[1024], picture[3071]].map { ($0 * 255).rounded() } == [12, 12, 22, 32])
    #expect(dataset.training.elementType == .uint8)
  }

  private func failure(_ folder: TemporaryFolder) throws -> String {
    try #require(throws: DataError.self) { try Dataset.load("cifar10", options: options(folder)) }.description
      .replacing(folder.path + "/", with: "")
  }

  @Test(arguments: ["cifar-10-batches-bin/", "cifar10/cifar-10-batches-bin/", "cifar10/", ""])
  func readsFolders(base: String) throws {
    try withTemporaryFolder { folder in
      for (number, name) in CIFAR10Tests.names.enumerated() {
        try folder.write(batch(number), to: "data/\(base)\(name)")
      }
      for _ in 0..<2 { check(try Dataset.load("cifar10", options: options(folder))) }
    }
  }

  @Test func pixelsOfAFolderAreReadInPlace() throws {
    try withTemporaryFolder { folder in
      for (number, name) in CIFAR10Tests.names.enumerated() { try folder.write(batch(number), to: "data/\(name)") }
      let dataset = try Dataset.load("cifar10", options: options(folder))
      #expect(dataset.training.features.block?.backing == .ownFile)
      // A file that changed is read again.
      try folder.write(batch(3) + batch(3), to: "data/data_batch_3.bin")
      let labels = try Dataset.load("cifar10", options: options(folder)).training.labels
      #expect(labels == [0, 1, 1, 2, 3, 4, 3, 4, 3, 4, 4, 5])
    }
  }

  @Test func aCacheThatCannotBeWrittenIsNoHindrance() throws {
    try withTemporaryFolder { folder in
      for (number, name) in CIFAR10Tests.names.enumerated() { try folder.write(batch(number), to: "data/\(name)") }
      try folder.write([], to: "cache")
      check(try Dataset.load("cifar10", options: options(folder)))
    }
  }

  private func archive() -> [UInt8] {
    TarFile.encoded(
      [("cifar-10-batches-bin/readme.html", [1, 2, 3])]
        + CIFAR10Tests.names.enumerated().reversed().map { ("cifar-10-batches-bin/\($1)", batch($0)) })
  }

  @Test(arguments: ["cifar-10-binary.tar.gz", "cifar10/cifar-10-binary.tar"])
  func readsArchives(name: String) throws {
    try withTemporaryFolder { folder in
      let tar = archive()
      try folder.write(name.hasSuffix(".gz") ? try #require(gzipped(tar)) : tar, to: "data/" + name)
      // The second time from what was unpacked.
      for _ in 0..<2 { check(try Dataset.load("cifar10", options: options(folder))) }
    }
  }

  @Test func readsTheDownloadedArchive() throws {
    try withTemporaryFolder { folder in
      try folder.write("", to: "data/nothing")
      try folder.write(archive(), to: "cache/cifar10/cifar-10-binary.tar")
      check(try Dataset.load("cifar10", options: options(folder)))
    }
  }

  @Test func readsPictures() throws {
    try withTemporaryFolder { folder in
      let picture = PixelImage(width: 40, height: 32, channelCount: 1, samples: [UInt8](repeating: 7, count: 1280))
      for path in ["train/airplane", "train/bird", "test/airplane", "test/bird"] {
        try folder.write(try picture.encodedPNG(), to: "data/cifar10-images/\(path)/1.png")
      }
      let dataset = try Dataset.load("cifar10", options: options(folder))
      #expect(dataset.name == "cifar10" && dataset.sampleShape == [3, 32, 32] && dataset.training.count == 2)
    }
  }

  @Test func whatIsWrongIsNamed() throws {
    try withTemporaryFolder { folder in
      let base = "data/cifar-10-batches-bin/"
      for (number, name) in CIFAR10Tests.names.enumerated() { try folder.write(batch(number), to: base + name) }
      try folder.write(Array(batch(2).dropLast()), to: base + "data_batch_3.bin")
      #expect(
        try failure(folder)
          == base + "data_batch_3.bin: 6145 bytes are not rows of 3073: the file is truncated; fetch it again")
      try folder.write(batch(10), to: base + "data_batch_3.bin")
      #expect(
        try failure(folder) == base + "data_batch_3.bin: row 0 has the label 10, which is not below 10")
      try FileManager.default.removeItem(atPath: folder.file(base + "data_batch_3.bin"))
      #expect(try failure(folder) == base + "data_batch_3.bin: cannot open: No such file or directory")
      try FileManager.default.removeItem(atPath: folder.file("data"))
      #expect(try failure(folder) == "data: there is no such folder; name the folder that holds cifar10's files")
    }
  }

  @Test func aDamagedArchiveIsNamed() throws {
    try withTemporaryFolder { folder throws in
      func failure(_ bytes: [UInt8]) throws -> String {
        try folder.write(bytes, to: "data/cifar-10-binary.tar")
        return try self.failure(folder)
      }
      let tar = archive()
      #expect(
        try failure(Array(tar[..<2000]))
          == "data/cifar-10-binary.tar: byte 1536: the archive ends in the middle of "
          + "cifar-10-batches-bin/test_batch.bin: it is truncated; fetch the file again")
      #expect(try failure(Array(tar[..<700])).contains("the archive ends in the middle of"))
      #expect(
        try failure(Array(tar[..<1024]))
          == "data/cifar-10-binary.tar: the archive holds no data_batch_1.bin; it must be cifar-10-binary.tar.gz as "
          + "published")
      var damaged = tar
      damaged[5] ^= 1
      #expect(
        try failure(damaged)
          == "data/cifar-10-binary.tar: byte 0: not the header of a tar archive's file: its checksum is wrong")
      #expect(try failure([1, 2, 3]).contains("the archive ends in the middle of a header"))
    }
  }

  @Test func longNamesAreRead() throws {
    try withTemporaryFolder { folder in
      let deep = String(repeating: "folder/", count: 20)
      let files = CIFAR10Tests.names.enumerated().map { (deep + $1, batch($0)) }
      var tar: [UInt8] = []
      for (index, file) in files.enumerated() {
        switch index % 3 {
        case 0:
          tar += TarFile.entry(name: "././@LongLink", type: "L", contents: Array(file.0.utf8) + [0])
          tar += TarFile.entry(name: "short", contents: file.1)
        case 1:
          let body = " path=\(file.0)\n"
          let length = body.utf8.count + 3
          tar += TarFile.entry(name: "pax", type: "x", contents: Array("12 mtime=12\n\(length)\(body)".utf8))
          tar += TarFile.entry(name: "short", contents: file.1)
        default:
          tar += TarFile.entry(name: "folder", type: "5", contents: [])
          tar += TarFile.entry(name: CIFAR10Tests.names[index], prefix: "some/where", contents: file.1)
        }
      }
      try folder.write(tar, to: "data/cifar-10-binary.tar")
      check(try Dataset.load("cifar10", options: options(folder)))
    }
  }
}
