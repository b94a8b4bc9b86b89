#if !APUS_STATIC
  import Foundation
  import Synchronization

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  /// Fetches over HTTP with `URLSession`, whose proxy settings and certificates are the system's.
  public struct URLSessionTransport: Transport {
    /// Seconds without a byte after which a connection is given up.
    private let timeout: Double

    /// A transport that gives up after `timeout` seconds of silence.
    public init(timeout: Double = 30) { self.timeout = timeout }

    /// Fetches an address from an offset on.
    public func fetch(_ address: String, from offset: Int, to receiver: any TransportReceiver) throws {
      guard let url = URL(string: address) else { throw TransportError("the address is not well formed") }
      var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout)
      // A compressed transfer would change the offsets.
      request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
      if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
      let transfer = Transfer(receiver: receiver)
      let session = URLSession(configuration: .ephemeral, delegate: transfer, delegateQueue: nil)
      defer { session.invalidateAndCancel() }
      session.dataTask(with: request).resume()
      try transfer.wait()
    }
  }

  /// One request under way: hands the response over on the session's serial queue while the caller waits.
  private final class Transfer: NSObject, URLSessionDataDelegate {
    private let receiver: any TransportReceiver
    private let finished = DispatchSemaphore(value: 0)
    private let failure = Mutex<(any Error)?>(nil)

    init(receiver: any TransportReceiver) { self.receiver = receiver }

    func wait() throws {
      finished.wait()
      if let error = failure.withLock({ $0 }) { throw error }
    }

    private func hand(_ action: () throws -> Void) -> Bool {
      guard failure.withLock({ $0 == nil }) else { return false }
      do {
        try action()
        return true
      } catch {
        failure.withLock { $0 = error }
        return false
      }
    }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
      let head = response as? HTTPURLResponse
      let status = head?.statusCode ?? 200
      let length = response.expectedContentLength
      var start = 0
      var total = length >= 0 ? Int(length) : nil
      if status == 206, let range = head?.value(forHTTPHeaderField: "Content-Range") {
        (start, total) = ContentRange.parse(range)
      }
      let isWelcome = hand { try receiver.begin(status: status, start: start, total: total) }
      completionHandler(isWelcome ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
      let isWelcome = hand { try data.withUnsafeBytes { try receiver.receive($0) } }
      if !isWelcome { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      if let error {
        let reason = (error as NSError).localizedDescription
        failure.withLock { $0 = $0 ?? TransportError(reason) }
      }
      finished.signal()
    }
  }
#endif
