import Foundation

/// Where a device's tuning table is kept: a file for each device, driver and set of kernels.
///
/// A file that cannot be read counts as none; one that cannot be written is an error only for who wants to tune.
public struct TuningFile: Sendable {
  /// The file.
  public let url: URL

  /// The file of a device in a folder, by default the user's cache; nil where there is no such folder.
  ///
  /// The environment variable `APUS_TUNING` names another folder, or is `none` for untuned devices.
  public init?(_ device: OpenCLDevice, folder: URL? = nil) {
    let wish = ProcessInfo.processInfo.environment["APUS_TUNING"]
    if folder == nil, wish == "none" { return nil }
    let cache = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    guard
      let folder = folder ?? wish.map({ URL(fileURLWithPath: $0, isDirectory: true) })
        ?? cache?.appendingPathComponent("apus/tuning")
    else { return nil }
    let kernels = KernelTemplate.all.keys.sorted().map { KernelTemplate.all[$0]?.text() ?? "" }.joined()
    let key = ProgramCache.Key(source: kernels, options: device.style.rawValue, device: device)
    url = folder.appendingPathComponent(key.name).deletingPathExtension().appendingPathExtension("json")
  }

  /// What was found; nothing where there is no file.
  public func load() -> TuningTable {
    guard let data = try? Data(contentsOf: url), let table = try? JSONDecoder().decode(TuningTable.self, from: data)
    else { return TuningTable() }
    return table.settled
  }

  /// Replaces the file: at any moment either the old or the new table is there.
  ///
  /// - Throws: what Foundation says of a folder or file that cannot be written.
  public func store(_ table: TuningTable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try encoder.encode(table).write(to: url, options: .atomic)
  }
}
