import ApusFormats
import Foundation

/// The folder that a user names for data sets' files.
struct LocalFiles {
  private let folder: String

  /// The folder; nil where none is named.
  ///
  /// - Throws: `DataError` where one is named that is not there, with what it should hold.
  init?(of dataset: String, in folder: String?) throws(DataError) {
    guard let folder else { return nil }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw .file(
        FileError(folder, "there is no such folder", remedy: "name the folder that holds \(dataset)'s files"))
    }
    guard isFolder.boolValue else { throw .file(FileError(folder, "is a file, not a folder")) }
    self.folder = folder
  }

  /// The first of several files or folders, by their paths in the folder, that is there.
  func first(of names: [String]) -> String? {
    names.map { (folder as NSString).appendingPathComponent($0) }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// The path of a folder in the folder; an empty name is the folder itself.
  func subfolder(_ name: String) -> String {
    name.isEmpty ? folder : (folder as NSString).appendingPathComponent(name)
  }
}
