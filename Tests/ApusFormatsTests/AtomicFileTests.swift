import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Atomic writes")
struct AtomicFileTests {
  @Test func createsAndReplaces() throws {
    try withTemporaryFolder { folder in
      for contents in ["first", "second, longer"] {
        try atomicallyWrite(to: folder.file("a")) { sink throws(FileError) in try sink.write(contents) }
        #expect(try text(of: folder.file("a")) == contents)
      }
      #expect(folder.names == ["a"])
    }
  }

  @Test func largeAndSmallWritesKeepTheirOrder() throws {
    try withTemporaryFolder { folder in
      let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
      try atomicallyWrite(to: folder.file("a")) { sink throws(FileError) in
        try sink.write("head")
        try sink.write(large)
        try sink.write("tail")
        #expect(sink.offset == 200_008)
      }
      #expect(try bytes(of: folder.file("a")) == Array("head".utf8) + large + Array("tail".utf8))
    }
  }

  @Test func aFailureLeavesTheOldFileAlone() throws {
    try withTemporaryFolder { folder in
      try folder.write("old", to: "a")
      let error = try #require(throws: FileError.self) {
        try atomicallyWrite(to: folder.file("a")) { sink throws(FileError) in
          try sink.write("new")
          throw FileError(sink.path, "something else went wrong")
        }
      }
      #expect(error.cause == "something else went wrong")
      #expect(try text(of: folder.file("a")) == "old")
      #expect(folder.names == ["a"])
    }
  }

  @Test func aMissingFolderIsNamed() throws {
    try withTemporaryFolder { folder in
      let error = try #require(throws: FileError.self) {
        try atomicallyWrite(to: folder.file("no/a")) { _ throws(FileError) in }
      }
      #expect(error.description == "\(folder.file("no/a")): cannot create: No such file or directory")
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDeviceIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let sink = FileSink(descriptor: descriptor, path: "/dev/full")
    let error = try #require(throws: FileError.self) {
      try sink.write("x")
      try sink.flush()
    }
    #expect(error.description == "/dev/full: cannot write: No space left on device; free some space")
  }

  #if os(Linux)
    /// Needs the right to mount: run by root, elsewhere it ends early.
    @Test(.enabled(if: geteuid() == 0)) func aFullDiskLeavesTheOldFileAlone() throws {
      try withTemporaryFolder { folder in
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return }
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        try folder.write("old", to: "a")
        let error = try #require(throws: FileError.self) {
          try atomicallyWrite(to: folder.file("a")) { sink throws(FileError) in
            try sink.write([UInt8](repeating: 7, count: 1 << 20))
          }
        }
        #expect(error.cause == "cannot write: No space left on device")
        #expect(try text(of: folder.file("a")) == "old")
        #expect(folder.names == ["a"])
      }
    }
  #endif
}
