import ApusFormats
import Foundation

/// A file to fetch.
package struct RemoteFile: Sendable {
  /// Its name without the ending `.gz`, which it is kept under.
  let name: String
  /// The sum by which the file as published is recognised.
  let md5: String
  /// Whether it is published as `NAME.gz`.
  let isCompressed: Bool

  package init(name: String, md5: String, isCompressed: Bool = true) {
    self.name = name
    self.md5 = md5
    self.isCompressed = isCompressed
  }

  /// Its name as published.
  var publishedName: String { isCompressed ? name + ".gz" : name }
}

/// How far a download is.
public struct DownloadProgress: Hashable, Sendable {
  /// The name of the file being fetched.
  public let file: String
  /// Its place among the files to fetch, from 1.
  public let number: Int
  /// The number of files to fetch.
  public let fileCount: Int
  /// The bytes that are here, those of an earlier attempt included.
  public let received: Int
  /// The file's size, where the server tells it.
  public let total: Int?
}

/// Fetches the files of data sets into a cache folder: from several mirrors, resuming what was interrupted, and
/// keeping only what has the right checksum. Files are kept unpacked, so that they are mapped, not read, later.
public struct Downloader: Sendable {
  /// The folder that holds one folder per data set.
  public let cacheFolder: String
  private let transport: any Transport
  private let rounds: Int
  private let pause: Double
  private let progress: @Sendable (DownloadProgress) -> Void

  /// A downloader.
  ///
  /// - Parameters:
  ///   - cacheFolder: where files are kept; `defaultCacheFolder` when nil.
  ///   - transport: what carries the bytes.
  ///   - rounds: how often each mirror is tried.
  ///   - pause: seconds before the second round, doubled for each further one.
  ///   - progress: told how far a download is, from any thread.
  public init(
    cacheFolder: String? = nil, transport: any Transport = standardTransport, rounds: Int = 3,
    pause: Double = 1, progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) {
    self.cacheFolder = cacheFolder ?? Downloader.defaultCacheFolder
    self.transport = transport
    self.rounds = rounds
    self.pause = pause
    self.progress = progress
  }

  /// `apus` in `$XDG_CACHE_HOME`, or in `~/.cache`.
  public static var defaultCacheFolder: String {
    let environment = ProcessInfo.processInfo.environment
    let base =
      if let named = environment["XDG_CACHE_HOME"], named.hasPrefix("/") { named } else {
        (NSHomeDirectory() as NSString).appendingPathComponent(".cache")
      }
    return (base as NSString).appendingPathComponent("apus")
  }

  /// The paths of a data set's files in the cache, fetching those that are not there.
  package func fetch(
    _ files: [RemoteFile], of dataset: String, from mirrors: [String]
  ) throws(DataError) -> [String] {
    let folder = (cacheFolder as NSString).appendingPathComponent(dataset)
    var paths: [String] = []
    for (index, file) in files.enumerated() {
      let path = (folder as NSString).appendingPathComponent(file.name)
      paths.append(path)
      if FileManager.default.fileExists(atPath: path) { continue }
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw .file(FileError(folder, "cannot create the cache folder: \(error.localizedDescription)"))
      }
      try fetch(file, to: path, from: mirrors) { received, total in
        progress(
          DownloadProgress(
            file: file.name, number: index + 1, fileCount: files.count, received: received, total: total))
      }
    }
    return paths
  }

  private func fetch(
    _ file: RemoteFile, to path: String, from mirrors: [String],
    progress: @escaping @Sendable (Int, Int?) -> Void
  ) throws(DataError) {
    let partial = try asDataError { () throws(FileError) in try PartialFile(for: path, progress: progress) }
    // Another process may have finished it while this one waited for its turn.
    if FileManager.default.fileExists(atPath: path) { return }
    var reasons: [String: String] = [:]
    for round in 0..<rounds {
      if round > 0 { Thread.sleep(forTimeInterval: pause * Double(1 << (round - 1))) }
      for mirror in mirrors {
        do {
          try transport.fetch(mirror + file.publishedName, from: partial.size, to: partial)
          guard partial.isComplete else { throw TransportError("the connection ended early") }
          guard try partial.checksum() == file.md5 else {
            try partial.discard()
            throw TransportError("the checksum is wrong")
          }
          return try partial.unpack()
        } catch let error as FileError {
          throw .file(error)
        } catch {
          reasons[mirror] = (error as? TransportError)?.reason ?? error.localizedDescription
        }
      }
    }
    throw .download(
      file.publishedName, reasons: mirrors.map { "\($0): \(reasons[$0] ?? "not tried")" },
      remedy: "fetch the files by other means and name their folder with --data-dir or APUS_DATA_DIR")
  }
}
