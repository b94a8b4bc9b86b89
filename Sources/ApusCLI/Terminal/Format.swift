import Foundation

/// Numbers as people read them.
enum Format {
  /// Four decimals from 0.001 up to 10,000, else three digits and an exponent.
  static func loss(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "inf" : "-inf" }
    let size = abs(value)
    return size == 0 || (size >= 0.001 && size < 10_000)
      ? String(format: "%.4f", value) : String(format: "%.2e", value)
  }

  /// A share as a percentage with two decimals.
  static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  /// A count with separators between thousands.
  static func count(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// A rate in thousands or millions per second.
  static func rate(_ perSecond: Double, _ unit: String) -> String {
    switch perSecond {
    case ..<1000: String(format: "%.0f %@/s", perSecond, unit as NSString)
    case ..<1_000_000: String(format: "%.1fk %@/s", perSecond / 1e3, unit as NSString)
    default: String(format: "%.2fM %@/s", perSecond / 1e6, unit as NSString)
    }
  }

  /// Seconds as `0.4 s`, `12 s`, `3:05` or `2:03:05`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d:%02d", whole / 60, whole % 60) }
    return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }

  /// A size in the largest binary unit that leaves at least 1.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if value < 1024 { return unit == "B" ? "\(count) B" : String(format: "%.1f %@", value, unit as NSString) }
      value /= 1024
    }
    return String(format: "%.1f TiB", value)
  }
}
