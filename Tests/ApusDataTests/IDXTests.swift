import ApusData
import ApusFormats
import ApusTestSupport
import Testing

@Suite("IDX files")
struct IDXTests {
  private static let pixels = (0..<24).map { UInt8($0 * 10) }
  private static let images = IDXFile.encoded(dimensions: [2, 3, 4], elements: pixels)
  private static let labels = IDXFile.encoded(dimensions: [2], elements: [7, 9])

  private func failure(_ file: [UInt8], name: String = "train-images-idx3-ubyte") throws -> String {
    try withTemporaryFolder { folder in
      let path = try folder.write(file, to: name)
      let error = try #require(throws: FileError.self) { try IDXFile(path: path) }
      #expect(error.description.hasPrefix(path))
      return String(error.description.dropFirst(path.count))
    }
  }

  @Test(arguments: [false, true])
  func readsImagesAndLabels(isCompressed: Bool) throws {
    func wrapped(_ bytes: [UInt8]) throws -> [UInt8] {
      isCompressed ? try #require(gzipped(bytes)) : bytes
    }
    try withTemporaryFolder { folder in
      let table = try Table(
        images: folder.write(wrapped(IDXTests.images), to: "i"),
        labels: folder.write(wrapped(IDXTests.labels), to: "l"),
        classCount: 10)
      #expect(table.sampleShape == [1, 3, 4] && table.count == 2 && table.elementType == .uint8)
      #expect(table.labels == [7, 9])
      #expect(table.features.block?.withBytes { Array($0) } == IDXTests.pixels)
      #expect(table.features(of: 1) == IDXTests.pixels[12...].map { Float($0) * (1 / 255) })
      #expect(table.prefix(1).count == 1 && table.prefix(1).labels == [7])
    }
  }

  @Test func truncation() throws {
    #expect(
      try failure(Array(IDXTests.images.dropLast(5)))
        == ": byte 35: the file is truncated: 19 of the 24 elements that its header promises")
    #expect(try failure(Array(IDXTests.images[..<9])) == ": byte 9: the file ends in its header: it is truncated")
    let gzip = try #require(gzipped(IDXTests.images))
    #expect(try failure(Array(gzip.dropLast(8))).contains("the gzip data ends in the middle"))
    let short = try #require(gzipped(Array(IDXTests.images.dropLast(5))))
    #expect(try failure(short).contains("byte 35: the file is truncated: 19 of the 24"))
  }

  @Test func wrongMagicNumbers() throws {
    var bytes = IDXTests.images
    bytes[0] = 0x50
    #expect(try failure(bytes) == ": byte 0: wrong magic number 0x50000803: not an IDX file")
    bytes = IDXTests.images
    bytes[2] = 0x0D
    #expect(
      try failure(bytes) == ": byte 2: wrong magic number: elements of type float; unsigned bytes are supported")
    bytes = IDXTests.images
    bytes[3] = 0
    #expect(try failure(bytes) == ": byte 3: wrong magic number: 0 dimensions")
  }

  @Test func trailingBytes() throws {
    #expect(
      try failure(IDXTests.images + [1, 2]) == ": byte 40: 2 bytes follow the 24 elements that its header promises")
    let gzip = try #require(gzipped(IDXTests.images + [1]))
    #expect(try failure(gzip) == ": byte 40: bytes follow the 24 elements that its header promises")
  }

  @Test func hugeSizesAllocateNothing() throws {
    let huge: [UInt8] = [0, 0, 8, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(try failure(huge).contains("are too large"))
    let large: [UInt8] = [0, 0, 8, 2, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]
    #expect(try failure(large).contains("the file is truncated: 0 of the 4611686014132420609"))
    #expect(try failure(try #require(gzipped(large))).contains("the file is truncated: 0 of the"))
  }

  @Test func emptyFile() throws { #expect(try failure([]) == ": the file is empty") }

  @Test func imagesAndLabelsMustBelongTogether() throws {
    try withTemporaryFolder { folder in
      let images = try folder.write(IDXTests.images, to: "images")
      func failure(_ elements: [UInt8], dimensions: [Int]? = nil) throws -> String {
        let file = IDXFile.encoded(dimensions: dimensions ?? [elements.count], elements: elements)
        let labels = try folder.write(file, to: "labels")
        let error = try #require(throws: FileError.self) { try Table(images: images, labels: labels, classCount: 10) }
        return error.description.replacing(folder.path + "/", with: "")
      }
      #expect(try failure([1, 10]) == "labels: byte 9: label 10 of sample 1 is out of range 0...9")
      #expect(try failure([1, 2, 3]) == "labels: byte 4: 3 labels for the 2 images of images")
      #expect(
        try failure([1, 2], dimensions: [1, 2]) == "labels: byte 3: labels have 1 dimension, this file has 2")
    }
  }
}
