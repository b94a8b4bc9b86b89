/// How far ahead of their use a kernel has lines of memory fetched (`AHEAD` of `fetch.cl`).
enum FetchAhead {
  /// 4 KB of floats.
  private static let distance = 1024
  /// The bytes from which on streams do not fit the caches of a processor's cores; for fewer, fetching costs more than it brings.
  private static let fewestBytes = 4 << 20

  /// In elements of each stream; 0 for not at all.
  ///
  /// - Parameter byteCount: what all streams of a launch read and write.
  static func elements(_ device: OpenCLDevice, byteCount: Int) -> Int {
    device.style == .wide && byteCount >= fewestBytes ? distance : 0
  }
}
