import Apus
import Foundation

/// The files that a measurement of growth leaves: a figure for each sweep, and all tables in one page of Markdown.
public struct GrowthReport {
  /// What was measured.
  public let results: [GrowthResult]
  /// What the devices are called in the results, and what they are.
  public let devices: [(name: String, description: String)]
  /// The command that measures it anew.
  public let command: String
  /// When it was measured.
  public let date: Date

  /// A report of results.
  public init(
    _ results: [GrowthResult], devices: [(name: String, description: String)], command: String, date: Date = .now
  ) {
    self.results = results
    self.devices = devices
    self.command = command
    self.date = date
  }

  /// Writes `NAME.svg` and `NAME.png` for each sweep and `tables.md` into a folder, which is made where it is missing.
  ///
  /// - Parameter hasPictures: whether PNG files are written.
  /// - Throws: `FileError` when a file cannot be written.
  public func write(to folder: String, hasPictures: Bool = false) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(folder, "cannot be made: \(error.localizedDescription)")
    }
    func file(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }
    for result in results {
      try result.figure.writeSVG(to: file("\(result.sweep.name).svg"))
      if hasPictures { try result.figure.writePNG(to: file("\(result.sweep.name).png")) }
    }
    let text = markdown
    try atomicallyWrite(to: file("tables.md")) { sink throws(FileError) in try sink.write(text) }
  }

  /// All tables.
  public var markdown: String {
    var lines = [
      "# Growth", "",
      "Written by `\(command)` on \(date.formatted(.iso8601.year().month().day())).", "",
      "The exponent is d log time / d log \(amounts) from the line before: 1 is growth in proportion, less is growth into sizes "
        + "that are computed more efficiently, more is a cost that outgrows its work.", "",
    ]
    lines += devices.map { "- `\($0.name)`: \($0.description)" }
    for result in results {
      let table = result.table
      lines += ["", "## \(result.sweep.name): \(result.sweep.title)", "", row(table.headings)]
      lines.append(row(table.headings.indices.map { $0 == 0 ? "---" : "---:" }))
      lines += table.cells.map(row)
      lines += [""] + result.remarks.map { "- \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var amounts: String {
    Set(results.map(\.sweep.amountLabel)).sorted(by: >).joined(separator: " or ")
  }

  private func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
}
