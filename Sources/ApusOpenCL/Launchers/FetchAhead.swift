import ApusCompiler

/// Whether, and how far ahead of their use, a kernel has lines of memory fetched (`AHEAD` of `fetch.cl`).
enum FetchAhead {
  /// The bytes from which on streams do not fit a processor's last-level cache; for fewer, fetching costs more than it brings.
  private static let fewestBytes = 32 << 20

  /// In elements of each stream; 0 for not at all.
  ///
  /// - Parameter byteCount: what all streams of a launch read and write.
  static func elements(_ device: OpenCLDevice, byteCount: Int) -> Int {
    device.style == .wide && byteCount >= fewestBytes ? HostProcessor.fetchDistance : 0
  }

  /// Whether a product fetches the lines of a tile before it adds up what is written there: for at most 256 steps; the loads of
  /// a longer sum hide the wait for the stores, and the fetches would only be more to do.
  static func output(_ device: OpenCLDevice, steps: Int) -> Bool { device.style == .wide && steps <= 256 }

  /// Whether a kernel fetches what it works on next, and what its chain reads, while it computes something else.
  static func next(_ device: OpenCLDevice) -> Bool { device.style == .wide }

  /// Whether a product fetches the rows of an operand that it reads next: from a megabyte on, which a core's caches do not keep
  /// beside the rest of a training step.
  static func operand(_ device: OpenCLDevice, elements: Int) -> Bool { device.style == .wide && elements >= 1 << 18 }
}
