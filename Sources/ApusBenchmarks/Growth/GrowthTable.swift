import Apus
import Foundation

extension GrowthResult {
  /// The times, a line for each device and size.
  public var table: TextTable {
    var table = TextTable(columns: [
      ("device", .left), (sweep.sizeLabel, .right), (sweep.amountLabel, .right), ("time", .right), ("spread", .right),
      (sweep.unit.rawValue, .right), ("of limit", .right), ("exponent", .right),
    ])
    for curve in curves {
      for (index, point) in curve.points.enumerated() {
        table.append([
          curve.device, Quantity.count(point.size), Quantity.short(sweep.amount(of: point.work)),
          GrowthResult.duration(point.seconds), String(format: "%.0f%%", point.spread * 100),
          String(format: "%.1f", curve.rate(of: point)),
          point.share.map { String(format: "%.0f%%", $0 * 100) } ?? "",
          curve.exponent(at: index).map { String(format: "%.2f", $0) } ?? "",
        ])
      }
    }
    return table
  }

  /// One line for each device: its exponents, and what could not be timed.
  public var remarks: [String] {
    curves.flatMap { curve in
      var lines: [String] = []
      if let overall = curve.overallExponent, let largest = curve.largestExponent {
        let values = [overall, largest.value].map { String(format: "%.2f", $0) }
        lines.append(
          "\(curve.device): exponent \(values[0]) from end to end, at most \(values[1]) (to \(Quantity.count(largest.size)))"
        )
      }
      return lines + curve.failures.map { "\(curve.device), \(Quantity.count($0.size)): \($0.error.message)" }
    }
  }

  /// A time in three digits or more: `12.3 µs`, `4.56 ms`, `1234 ms`.
  static func duration(_ seconds: Double) -> String {
    let (value, unit) = seconds < 0.9995e-3 ? (seconds * 1e6, "µs") : (seconds * 1e3, "ms")
    return String(format: "%.*f ", value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value) + unit
  }

  /// Everything, in operations or bytes and seconds.
  public var json: JSONObject {
    let rows = curves.map { curve -> JSONValue in
      let points = curve.points.enumerated().map { index, point -> JSONValue in
        .object([
          "size": .integer(point.size), "amount": .number(sweep.amount(of: point.work)),
          "seconds": .number(point.seconds), "spread": .number(point.spread),
          "share": point.share.map { .number($0) } ?? .null,
          "exponent": curve.exponent(at: index).map { .number($0) } ?? .null,
        ])
      }
      let failures = curve.failures.map { failure -> JSONValue in
        .object(["size": .integer(failure.size), "error": .string(failure.error.message)])
      }
      return .object(["device": .string(curve.device), "points": .array(points), "failures": .array(failures)])
    }
    return [
      "name": .string(sweep.name), "title": .string(sweep.title), "size": .string(sweep.sizeLabel),
      "unit": .string(sweep.unit.rawValue), "curves": .array(rows),
    ]
  }
}
