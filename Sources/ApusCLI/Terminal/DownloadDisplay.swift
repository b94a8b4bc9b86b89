import Apus
import Foundation

/// The progress of downloads, on a terminal as a live line and in a pipe as one line a file.
enum DownloadDisplay {
  /// A downloader that shows its progress.
  static func downloader(on terminal: Terminal) -> Downloader {
    Downloader { progress in
      let size = progress.total.map { " of \(Quantity.bytes($0))" } ?? ""
      let line =
        "downloading \(progress.file) (\(progress.number)/\(progress.fileCount)): \(Quantity.bytes(progress.received))\(size)"
      let isDone = progress.received == progress.total
      if terminal.isInteractive {
        terminal.write("\r\u{1B}[K" + String(line.prefix(terminal.width - 1)) + (isDone ? "\n" : ""))
      } else if isDone {
        terminal.writeLine(line)
      }
    }
  }
}
