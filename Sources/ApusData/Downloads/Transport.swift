/// What carries bytes from an address to here: the network, or a script in tests.
public protocol Transport: Sendable {
  /// Fetches what stands at `address`, from byte `offset` on, and hands it to `receiver` piece by piece.
  ///
  /// Returns when the last piece has been handed over.
  /// - Throws: `TransportError` when the connection fails or ends early, or what `receiver` throws.
  func fetch(_ address: String, from offset: Int, to receiver: any TransportReceiver) throws
}

/// What takes the pieces of a response.
public protocol TransportReceiver: AnyObject, Sendable {
  /// The response's head, before any bytes.
  ///
  /// - Parameters:
  ///   - status: the HTTP status.
  ///   - start: the offset of the first byte that follows: 0 for a whole file.
  ///   - total: the size of the whole file, where the server tells it.
  func begin(status: Int, start: Int, total: Int?) throws
  /// The next bytes.
  func receive(_ bytes: UnsafeRawBufferPointer) throws
}

/// Why a connection failed, in a few words.
public struct TransportError: Error, Hashable, Sendable {
  /// The reason.
  public let reason: String

  /// An error for a reason.
  public init(_ reason: String) { self.reason = reason }
}

/// The transport that this binary was built with.
///
/// Foundation's networking needs a shared libcurl, so a binary for bare machines calls the command instead.
public var standardTransport: any Transport {
  #if APUS_STATIC
    CurlTransport()
  #else
    URLSessionTransport()
  #endif
}
