import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Downloads", .serialized)
struct DownloadTests {
  private static let contents = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
  private static let packed = gzipped(contents, level: 0) ?? []
  private static let md5 = packed.withUnsafeBytes { MD5.hexadecimal(of: $0) }

  /// Fetches the file from one server per list of behaviours and returns what each was asked for.
  @discardableResult
  private func fetch(
    _ behaviours: [[LoopbackServer.Behaviour]], into folder: TemporaryFolder, rounds: Int = 3, md5: String = md5,
    transport: any Transport = URLSessionTransport(timeout: 10),
    progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) throws -> [[LoopbackServer.Request]] {
    let servers = try behaviours.map { try LoopbackServer(contents: DownloadTests.packed, behaviours: $0) }
    defer { for server in servers { server.stop() } }
    let downloader = Downloader(
      cacheFolder: folder.path, transport: transport, rounds: rounds, pause: 0.01,
      progress: progress)
    let paths = try downloader.fetch(
      [RemoteFile(name: "a.bin", md5: md5)], of: "set", from: servers.map(\.address))
    #expect(paths == [folder.file("set/a.bin")])
    return servers.map(\.requests)
  }

  private func expectFetched(_ folder: TemporaryFolder) throws {
    #expect(try bytes(of: folder.file("set/a.bin")) == DownloadTests.contents)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("set")) == ["a.bin"])
  }

  @Test func fetchesAndReportsProgress() throws {
    try withTemporaryFolder { folder in
      let reporter = Reporter()
      let requests = try fetch([[.good]], into: folder) { reporter.add($0) }
      #expect(requests == [[LoopbackServer.Request(path: "/data/a.bin.gz", range: nil)]])
      try expectFetched(folder)
      let last = try #require(reporter.reports.last)
      #expect(
        last.received == DownloadTests.packed.count && last.total == last.received && last.file == "a.bin"
          && last.fileCount == 1)
    }
  }

  @Test func aCachedFileIsNotFetchedAgain() throws {
    try withTemporaryFolder { folder in
      try folder.write([1, 2, 3], to: "set/a.bin")
      #expect(try fetch([[.status(500)]], into: folder) == [[]])
      #expect(try bytes(of: folder.file("set/a.bin")) == [1, 2, 3])
    }
  }

  @Test func resumesWhereAnEarlierRunStopped() throws {
    try withTemporaryFolder { folder in
      try folder.write(Array(DownloadTests.packed[..<70_000]), to: "set/a.bin.partial")
      let requests = try fetch([[.good]], into: folder)
      #expect(requests[0].map(\.range) == ["bytes=70000-"])
      try expectFetched(folder)
    }
  }

  @Test func resumesAfterACutConnectionOnTheNextMirror() throws {
    try withTemporaryFolder { folder in
      let requests = try fetch([[.cutAfter(50_000)], [.good]], into: folder)
      #expect(requests[0].map(\.range) == [nil])
      #expect(requests[1].map(\.range) == ["bytes=50000-"])
      try expectFetched(folder)
    }
  }

  @Test(.enabled(if: CurlTransport.command != nil, "needs the command curl"))
  func theCommandCurlDoesTheSame() throws {
    try withTemporaryFolder { folder in
      let transport = CurlTransport(timeout: 10)
      try folder.write(Array(DownloadTests.packed[..<70_000]), to: "set/a.bin.partial")
      let resumed = try fetch([[.cutAfter(50_000)], [.good]], into: folder, transport: transport)
      #expect(resumed[0].map(\.range) == ["bytes=70000-"])
      #expect(resumed[1].count == 1)
      try expectFetched(folder)
    }
    try withTemporaryFolder { folder in
      #expect(throws: DataError.self) {
        try fetch([[.status(404)]], into: folder, rounds: 1, transport: CurlTransport(timeout: 10))
      }
      #expect(!FileManager.default.fileExists(atPath: folder.file("set/a.bin")))
    }
  }

  @Test func startsOverWhereTheServerSendsTheWholeFile() throws {
    try withTemporaryFolder { folder in
      try folder.write([UInt8](repeating: 9, count: 1000), to: "set/a.bin.partial")
      try fetch([[.wholeFileOnly]], into: folder)
      try expectFetched(folder)
    }
  }

  @Test func aWrongChecksumStartsOverElsewhere() throws {
    try withTemporaryFolder { folder in
      let requests = try fetch([[.corrupt], [.good]], into: folder)
      #expect(requests.map { $0.map(\.range) } == [[nil], [nil]])
      try expectFetched(folder)
    }
  }

  @Test func aPartialFileThatIsTooLongStartsOver() throws {
    try withTemporaryFolder { folder in
      try folder.write([UInt8](repeating: 9, count: 300_000), to: "set/a.bin.partial")
      let requests = try fetch([[.good]], into: folder)
      #expect(requests[0].map(\.range) == ["bytes=300000-", nil])
      try expectFetched(folder)
    }
  }

  @Test func everyMirrorsReasonIsNamed() throws {
    try withTemporaryFolder { folder in
      let error = try #require(throws: DataError.self) {
        try fetch([[.status(404)], [.corrupt]], into: folder, rounds: 2)
      }
      #expect(error.description.hasPrefix("cannot download a.bin.gz: http://127.0.0.1:"))
      #expect(error.description.contains("/data/: HTTP status 404; http://127.0.0.1:"))
      #expect(error.description.contains("/data/: the checksum is wrong; fetch the files by other means"))
      #expect(!FileManager.default.fileExists(atPath: folder.file("set/a.bin")))
    }
  }

  @Test func anUnreachableServerIsNamed() throws {
    try withTemporaryFolder { folder in
      let downloader = Downloader(cacheFolder: folder.path, rounds: 1)
      let error = try #require(throws: DataError.self) {
        try downloader.fetch([RemoteFile(name: "a", md5: "")], of: "set", from: ["http://127.0.0.1:1/"])
      }
      #expect(error.description.contains("http://127.0.0.1:1/: "))
    }
  }

  @Test func aCacheFolderThatCannotBeIsNamed() throws {
    try withTemporaryFolder { folder in
      try folder.write([1], to: "set")
      let error = try #require(throws: DataError.self) { try fetch([[.good]], into: folder) }
      #expect(error.description.contains("\(folder.file("set")): cannot create the cache folder"))
    }
  }
}

/// Collects progress from any thread.
private final class Reporter: Sendable {
  private let collected = Mutex<[DownloadProgress]>([])
  var reports: [DownloadProgress] { collected.withLock { $0 } }
  func add(_ report: DownloadProgress) { collected.withLock { $0.append(report) } }
}

@Suite("MD5")
struct MD5Tests {
  /// From RFC 1321's appendix, and lengths around a block's end.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
    (String(repeating: "a", count: 55), "ef1772b6dff9a122358552954ad0df65"),
    (String(repeating: "a", count: 56), "3b0c8ac703f828b04c6c197006d17218"),
    (String(repeating: "a", count: 64), "014842d480b571495a4a0363793f7367"),
  ])
  func digests(text: String, digest: String) {
    #expect(Array(text.utf8).withUnsafeBytes { MD5.hexadecimal(of: $0) } == digest)
  }
}
