import Foundation

/// What a standard stream is connected to.
struct Terminal: Sendable {
  /// The stream's file descriptor.
  let descriptor: Int32
  /// Whether a person is looking at it.
  let isInteractive: Bool
  /// Whether colours are wanted: on a terminal that has them, unless `NO_COLOR` is set.
  let hasColor: Bool

  static let output = Terminal(STDOUT_FILENO)
  static let error = Terminal(STDERR_FILENO)

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    let environment = ProcessInfo.processInfo.environment
    isInteractive = isatty(descriptor) == 1 && environment["TERM"] != "dumb"
    hasColor = isInteractive && environment["NO_COLOR", default: ""].isEmpty
  }

  /// The width in columns; 80 where there is no terminal.
  var width: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes text as it is.
  func write(_ text: String) {
    var bytes = ArraySlice(text.utf8)
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  /// Writes a line.
  func print(_ line: String = "") { write(line + "\n") }

  /// The text in one of the terminal's styles, or as it is where there are none.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Styles by their SGR code.
  enum Style: Int {
    case bold = 1
    case faint = 2
    case green = 32
    case yellow = 33
    case cyan = 36
  }
}
