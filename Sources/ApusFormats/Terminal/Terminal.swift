import Foundation

/// Where text for people goes, and what can be done there.
public struct Terminal: Sendable {
  /// The file descriptor that is written to.
  public let descriptor: Int32
  /// Whether a person watches: lines can be drawn over.
  public let isInteractive: Bool
  /// Whether colours are wanted: a terminal, and no `NO_COLOR` in the environment (https://no-color.org).
  public let hasColours: Bool
  /// Whether characters beyond ASCII can be shown: everywhere but where the locale or the terminal says otherwise.
  public let hasUnicode: Bool

  /// What stands behind a file descriptor, as its kind and the environment tell.
  public init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.init(descriptor: descriptor, isTerminal: isatty(descriptor) == 1, environment: environment)
  }

  package init(descriptor: Int32, isTerminal: Bool, environment: [String: String]) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let isDumb = environment["TERM"] == "dumb"
    self.descriptor = descriptor
    isInteractive = isTerminal && !isDumb
    hasColours = isInteractive && variable("NO_COLOR") == nil
    let locale = (variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG"))?.lowercased()
    hasUnicode = !isDumb && (locale.map { $0.contains("utf-8") || $0.contains("utf8") } ?? true)
  }

  /// The standard output.
  public static let output = Terminal(descriptor: STDOUT_FILENO)
  /// The standard error output.
  public static let error = Terminal(descriptor: STDERR_FILENO)

  /// The number of columns now; 80 where that is not known.
  public var width: Int {
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return 80
  }

  /// How charts are drawn here.
  public func chartStyle(height: Int = 14) -> TerminalChartStyle {
    let ink: TerminalChartStyle.Ink = !hasUnicode ? .ascii : hasColours ? .colouredDots : .dots
    return TerminalChartStyle(ink: ink, width: min(width, 120), height: height)
  }

  /// Text in bold, where that can be shown.
  public func bold(_ text: String) -> String { hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  /// Text in a fainter colour, where that can be shown.
  public func dim(_ text: String) -> String { hasColours ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// Writes text as it is; that it cannot be written is no reason to stop a training run.
  public func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if sent > 0 { rest = rest.dropFirst(sent) } else if errno != EINTR { return }
    }
  }

  /// Writes a line.
  public func writeLine(_ text: String) { write(text + "\n") }
}
