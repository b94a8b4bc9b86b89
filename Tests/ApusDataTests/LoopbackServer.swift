import Foundation
import Synchronization

/// A tiny HTTP server on the loopback interface that serves one file, or misbehaves as told.
final class LoopbackServer: Sendable {
  /// How a request is answered.
  enum Behaviour: Sendable {
    /// As a good server does, parts of the file included.
    case good
    /// The whole file, whatever part was asked for.
    case wholeFileOnly
    /// Closes the connection after so many bytes of the body.
    case cutAfter(Int)
    /// The status and no file.
    case status(Int)
    /// Other bytes of the same length.
    case corrupt
  }

  /// What was asked for.
  struct Request: Hashable, Sendable {
    let path: String
    let range: String?
  }

  private struct State {
    var behaviours: [Behaviour]
    var requests: [Request] = []
  }

  private let contents: [UInt8]
  private let descriptor: Int32
  /// The port that the server listens on.
  let port: UInt16
  private let state: Mutex<State>

  /// Serves `contents`; each request takes the next behaviour, and the last one is kept.
  init(contents: [UInt8], behaviours: [Behaviour]) throws {
    self.contents = contents
    state = Mutex(State(behaviours: behaviours))
    #if os(Linux)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        answer(connection)
        close(connection)
      }
    }
  }

  /// Stops listening.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  /// The address of the folder that holds the file.
  var address: String { "http://127.0.0.1:\(port)/data/" }

  /// What was asked for so far.
  var requests: [Request] { state.withLock(\.requests) }

  private func answer(_ connection: Int32) {
    var head = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !head.contains("\r\n\r\n") {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return }
      head += String(decoding: buffer[..<count], as: UTF8.self)
    }
    let lines = head.split(separator: "\r\n").map(String.init)
    let path = lines[0].split(separator: " ")[1]
    let range = lines.first { $0.lowercased().hasPrefix("range:") }.map {
      String($0.dropFirst(6)).trimmingCharacters(in: .whitespaces)
    }
    let behaviour = state.withLock { state in
      state.requests.append(Request(path: String(path), range: range))
      return state.behaviours.count > 1 ? state.behaviours.removeFirst() : state.behaviours[0]
    }
    let start = range.flatMap { Int($0.drop { !$0.isNumber }.prefix { $0.isNumber }) } ?? 0
    respond(connection, behaviour, start: start)
  }

  private func respond(_ connection: Int32, _ behaviour: Behaviour, start: Int) {
    let total = contents.count
    func part(_ body: [UInt8]) {
      guard start > 0 else { return send(connection, "200 OK", body, announced: total) }
      guard start < total else {
        return send(connection, "416 Range Not Satisfiable", [], announced: 0, "Content-Range: bytes */\(total)\r\n")
      }
      send(
        connection, "206 Partial Content", Array(body[start...]), announced: total - start,
        "Content-Range: bytes \(start)-\(total - 1)/\(total)\r\n")
    }
    switch behaviour {
    case .good: part(contents)
    case .wholeFileOnly: send(connection, "200 OK", contents, announced: total)
    case .cutAfter(let count): send(connection, "200 OK", Array(contents.prefix(count)), announced: total)
    case .status(let status): send(connection, "\(status) Something", Array("no".utf8), announced: 2)
    case .corrupt: part(contents.map { $0 ^ 1 })
    }
  }

  private func send(
    _ connection: Int32, _ status: String, _ body: [UInt8], announced: Int, _ headers: String = ""
  ) {
    let head = "HTTP/1.1 \(status)\r\nContent-Length: \(announced)\r\nConnection: close\r\n\(headers)\r\n"
    var rest = (Array(head.utf8) + body)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return }
      rest = rest.dropFirst(sent)
    }
  }
}
