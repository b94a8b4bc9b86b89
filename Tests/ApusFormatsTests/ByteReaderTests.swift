import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Reading plain and gzip files")
struct ByteReaderTests {
  private let contents = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 ^ $0 >> 5) }

  private func gzip(_ bytes: [UInt8]) throws -> [UInt8] { try #require(gzipped(bytes)) }

  private func readAll(_ file: [UInt8]) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let reader = try ByteReader(path: try folder.write(file, to: "data.gz"))
      return try reader.readToEnd().withBytes { Array($0) }
    }
  }

  private func failure(_ file: [UInt8]) throws -> FileError {
    try #require(throws: FileError.self) { try readAll(file) }
  }

  @Test func plainAndCompressedReadTheSame() throws {
    #expect(try readAll(contents) == contents)
    #expect(try readAll(gzip(contents)) == contents)
  }

  @Test func membersAreConcatenated() throws {
    let first = Array(contents[..<1000])
    let second = Array(contents[1000...])
    #expect(try readAll(gzip(first) + gzip(second)) == contents)
  }

  @Test func readsInPieces() throws {
    let file = try gzip(contents)
    try withTemporaryFolder { folder in
      let reader = try ByteReader(path: try folder.write(file, to: "data.gz"))
      var collected: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 4099)
      while true {
        let count = try piece.withUnsafeMutableBytes { try reader.read(into: $0) }
        collected += piece[..<count]
        if count < piece.count { break }
      }
      #expect(collected == contents)
      #expect(reader.offset == contents.count)
    }
  }

  @Test(arguments: [1, 9, 20, 150])
  func truncationIsNamed(missing: Int) throws {
    let error = try failure(Array(try gzip(contents).dropLast(missing)))
    #expect(error.description.contains("data.gz: byte "))
    #expect(error.cause.contains("truncated"))
  }

  @Test func truncationRightAfterTheHeader() throws {
    #expect(try failure(Array(try gzip(contents)[..<10])).cause.contains("truncated"))
  }

  @Test func corruptionIsNamed() throws {
    var file = try gzip(contents)
    file[file.count / 2] ^= 0x40
    #expect(try failure(file).cause.contains("corrupt"))
    var badChecksum = try gzip(contents)
    badChecksum[badChecksum.count - 6] ^= 1
    #expect(try failure(badChecksum).cause.contains("incorrect data check"))
  }

  @Test func trailingBytesAreNamed() throws {
    let error = try failure(try gzip(contents) + [1, 2, 3])
    #expect(error.cause.contains("3 bytes of something else follow"))
  }

  @Test func emptyMissingAndFolder() throws {
    #expect(try failure([]).cause == "the file is empty")
    try withTemporaryFolder { folder in
      let missing = try #require(throws: FileError.self) { try ByteReader(path: folder.file("none")) }
      #expect(missing.description == "\(folder.file("none")): cannot open: No such file or directory")
      let isFolder = try #require(throws: FileError.self) { try ByteReader(path: folder.path) }
      #expect(isFolder.cause == "is a folder, not a file")
    }
  }
}
