import Foundation

/// The processor that this process runs on.
package enum HostProcessor {
  /// How many floats ahead of their use lines of long streams are best fetched from memory.
  ///
  /// Intel's processors stop fetching by themselves at the end of a page, so that 4 KB ahead brings most (on a Xeon up to a
  /// third more bandwidth). On AMD's (Zen 4) that costs a tenth to a seventh, and four lines gain a little.
  package static let fetchDistance = isIntel ? 1024 : 64

  private static let isIntel: Bool = {
    #if arch(x86_64)
      #if os(Linux)
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix("vendor_id") }?.hasSuffix("GenuineIntel") ?? false
      #else
        return true
      #endif
    #else
      return false
    #endif
  }()
}
