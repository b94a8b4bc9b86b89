import Foundation

/// Numbers as people like to read them, the same in every locale.
public enum Quantity {
  /// A whole number with commas: `60,000`.
  public static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// A number in at most four characters and a letter for thousands: `987`, `12.3k`, `4.56M`.
  public static func short(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    for (limit, unit, suffix) in [(999.5e6, 1e9, "G"), (999.5e3, 1e6, "M"), (999.5, 1e3, "k")] where abs(value) >= limit
    {
      let scaled = value / unit
      return String(format: "%.*f", abs(scaled) >= 99.95 ? 0 : abs(scaled) >= 9.995 ? 1 : 2, scaled) + suffix
    }
    return String(
      format: "%.*f", abs(value) >= 99.95 || value == value.rounded() ? 0 : abs(value) >= 9.995 ? 1 : 2, value)
  }

  /// A time span: `0.84 s`, `12.5 s`, `3:05`, `1:02:03`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    if seconds < 9.995 { return String(format: "%.2f s", seconds) }
    if seconds < 59.95 { return String(format: "%.1f s", seconds) }
    return clock(seconds)
  }

  /// A time span in whole seconds: `0:07`, `3:05`, `1:02:03`.
  public static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–:––" }
    let total = Int(seconds.rounded())
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }

  /// A size in bytes, in powers of 1024: `512 B`, `1.50 KiB`, `44.9 MiB`.
  public static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
      if abs(value) < 1023.5 || unit == "TiB" {
        return unit == "B"
          ? "\(count) B"
          : String(format: "%.*f", abs(value) >= 99.95 ? 0 : abs(value) >= 9.995 ? 1 : 2, value) + " " + unit
      }
      value /= 1024
    }
    return "\(count) B"
  }

  /// A loss in about four digits: `2.3026`, `0.0871`, `3.2e-05`.
  public static func loss(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    if value != 0, abs(value) < 9.995e-4 || abs(value) >= 1e5 { return String(format: "%.2e", value) }
    return String(format: "%.4f", value)
  }

  /// A deviation in three digits, whatever its size: `3.20e-05`.
  public static func deviation(_ value: Double) -> String {
    value.isFinite ? String(format: "%.2e", value) : value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }

  /// A part of 1 in percent: `97.71%`.
  public static func percent(_ fraction: Double) -> String { String(format: "%.2f%%", fraction * 100) }
}
