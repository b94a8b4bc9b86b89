import ApusFormats
import Foundation

/// What a folder of a data set holds; hidden files are passed over.
enum FolderListing {
  /// A file, with what tells one state of it from another.
  struct File: Hashable {
    /// Its path.
    let path: String
    /// Its size in bytes.
    let size: Int
    /// When it was last changed, in nanoseconds.
    let modified: Int
  }

  /// The names in a folder that are folders, sorted.
  static func folders(in path: String) throws(FileError) -> [String] {
    try names(in: path).filter { status($0, in: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }
  }

  /// The files in a folder and below it whose names end in one of `endings` (of any case), sorted by path.
  static func files(below path: String, endings: Set<String>) throws(FileError) -> [File] {
    try files(below: path, endings: endings, depth: 0)
  }

  /// One file; nil where there is none.
  static func file(_ path: String) -> File? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return File(path, status)
  }

  /// Links may lead in circles, which end here.
  private static let deepest = 32

  private static func files(below path: String, endings: Set<String>, depth: Int) throws(FileError) -> [File] {
    guard depth < deepest else { throw FileError(path, "folders are nested more than \(deepest) deep") }
    var files: [File] = []
    for name in try names(in: path) {
      guard let status = status(name, in: path) else { continue }
      let place = (path as NSString).appendingPathComponent(name)
      switch status.st_mode & S_IFMT {
      case S_IFDIR: files += try Self.files(below: place, endings: endings, depth: depth + 1)
      case S_IFREG:
        guard let dot = name.lastIndex(of: "."), endings.contains(name[name.index(after: dot)...].lowercased()) else {
          continue
        }
        files.append(File(place, status))
      default: continue
      }
    }
    return files
  }

  private static func names(in path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw FileError(path, cannot: "list", code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  private static func status(_ name: String, in path: String) -> stat? {
    var status = stat()
    return stat((path as NSString).appendingPathComponent(name), &status) == 0 ? status : nil
  }
}

extension FolderListing.File {
  fileprivate init(_ path: String, _ status: stat) {
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    self.init(path: path, size: Int(status.st_size), modified: Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec))
  }
}

/// A digest of what a prepared file is made from.
struct Fingerprint {
  private var text: [UInt8] = []

  init(_ parts: String...) { for part in parts { add(part) } }

  mutating func add(_ part: String) {
    text += part.utf8
    text.append(0)
  }

  mutating func add(_ files: [FolderListing.File]) {
    for file in files { add("\(file.path)\0\(file.size)\0\(file.modified)") }
  }

  /// The digest in hexadecimal digits.
  var digest: String { text.withUnsafeBytes { MD5.hexadecimal(of: $0) } }
}
