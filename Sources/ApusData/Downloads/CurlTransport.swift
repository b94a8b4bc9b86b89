import Foundation

/// Fetches by the command `curl`, for binaries that carry no network library of their own.
public struct CurlTransport: Transport {
  /// Seconds without a byte after which a connection is given up.
  private let timeout: Int

  /// A transport that gives up after `timeout` seconds of silence.
  public init(timeout: Int = 30) { self.timeout = timeout }

  /// The command in the folders of `PATH`; nil where there is none.
  package static var command: URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").lazy
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent("curl") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Fetches an address from an offset on.
  public func fetch(_ address: String, from offset: Int, to receiver: any TransportReceiver) throws {
    guard let command = CurlTransport.command else {
      throw TransportError("this binary fetches by the command curl, which is not installed")
    }
    let process = Process()
    process.executableURL = command
    process.arguments =
      [
        "--silent", "--show-error", "--location", "--include", "--connect-timeout", "\(timeout)", "--speed-limit", "1",
        "--speed-time", "\(timeout)", "--header", "Accept-Encoding: identity",
      ] + (offset > 0 ? ["--range", "\(offset)-"] : []) + ["--", address]
    let (output, complaints) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = complaints
    do { try process.run() } catch { throw TransportError("curl cannot be run: \(error.localizedDescription)") }
    do {
      var response = Response(receiver)
      while let piece = try output.fileHandleForReading.read(upToCount: 1 << 16), !piece.isEmpty {
        try response.take(piece)
      }
    } catch {
      process.terminate()
      process.waitUntilExit()
      throw error
    }
    let complaint = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let line = complaint.split(separator: "\n").last.map(String.init) ?? "code \(process.terminationStatus)"
      throw TransportError(line.hasPrefix("curl: ") ? String(line.dropFirst("curl: ".count)) : line)
    }
  }

  /// Tells heads from the body: those of redirections come before the one that counts.
  private struct Response {
    private let receiver: any TransportReceiver
    private var head = Data()
    private var isInBody = false

    init(_ receiver: any TransportReceiver) { self.receiver = receiver }

    mutating func take(_ piece: Data) throws {
      guard !isInBody else { return try hand(piece) }
      head += piece
      while !isInBody, let end = head.range(of: Data("\r\n\r\n".utf8)) {
        let lines = String(decoding: head[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        head = Data(head[end.upperBound...])
        try begin(lines)
      }
      guard isInBody, !head.isEmpty else { return }
      try hand(head)
      head = Data()
    }

    private mutating func begin(_ lines: [String]) throws {
      let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      var fields: [String: String] = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      // An interim answer, a proxy's, or a redirection: another head follows.
      if status < 200 || (300..<400).contains(status) && fields["location"] != nil { return }
      isInBody = true
      var start = 0
      var total = fields["content-length"].flatMap { Int($0) }
      if status == 206, let range = fields["content-range"] {
        (start, total) = ContentRange.parse(range)
      }
      try receiver.begin(status: status, start: start, total: total)
    }

    private func hand(_ piece: Data) throws { try piece.withUnsafeBytes { try receiver.receive($0) } }
  }
}

/// The header field of a partial response.
enum ContentRange {
  /// The first offset and the whole size in `bytes 100-199/200`.
  static func parse(_ text: String) -> (start: Int, total: Int?) {
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    return (numbers.first ?? 0, numbers.count == 3 ? numbers[2] : nil)
  }
}
