import ApusFormats
import ApusTestSupport
import Foundation
import Testing

/// Bytes of files: what lies behind them, and how they are copied piece by piece.
@Suite struct ByteStorageTests {
  @Test func somethingCanBeReadBehindAWholePage() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("page")
      let size = 4 * Int(getpagesize())
      try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: path))
      for storage in [try ByteStorage.mapped(path: path), .allocated(byteCount: size) { _ in }] {
        #expect(storage.count == size)
        let behind = storage.withBytes { bytes in
          bytes.baseAddress.map { start in (size..<size + 64).map { start.load(fromByteOffset: $0, as: UInt8.self) } }
        }
        #expect(behind?.count == 64)
      }
    }
  }

  @Test(arguments: [1, 3073, 20_000_000])
  func stretchesMakeUpAFile(unit: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.file("rows")
      let bytes = (0..<(9 << 20) + 5).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 9)) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let storage = try ByteStorage.mapped(path: path)
      #expect(storage.backing == .file && storage.part(5..<10).backing == .file)
      // Twice: pages that were let go come back.
      for _ in 0..<2 {
        var copy: [UInt8] = []
        storage.forEachStretch(of: unit) { offset, stretch in
          #expect(offset == copy.count && offset % unit == 0)
          copy += stretch
        }
        #expect(copy == bytes)
        storage.part(4097..<bytes.count).letGo()
      }
    }
  }

  @Test func aFileOfOurOwnStaysOneWhenItIsParted() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("own")
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
      #expect(try ByteStorage.mapped(ownFile: path).part(1..<3).backing == .ownFile)
      let memory = ByteStorage.copy(of: [UInt8](repeating: 9, count: 3 << 12))
      memory.letGo()
      #expect(memory.backing == .memory && memory.withBytes { $0.allSatisfy { $0 == 9 } })
    }
  }
}
