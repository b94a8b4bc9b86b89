import Apus
import ApusBenchmarks
import Foundation

/// A table of benchmarks that grows line by line.
struct BenchmarkDisplay {
  private let terminal: Terminal
  private let width: Int

  /// A display for benchmarks of these names; writes the headings.
  init(_ names: [String], terminal: Terminal) {
    self.terminal = terminal
    width = names.map(\.count).max() ?? 0
    terminal.writeLine(line("kernel", "figure", "unit", "spread", "of limit"))
  }

  /// The device's limits in one line.
  static func limits(_ limits: DeviceLimits) -> String {
    let arithmetic = limits.multiplyAddRate.map { "multiply-adds \(number($0 * 1e-9)) GFLOP/s, " } ?? ""
    let cached = (limits.copyRates.map(\.rate).max() ?? 0) * 1e-9
    let memory = number(limits.memoryBandwidth * 1e-9)
    return "limits: \(arithmetic)copies \(memory) GB/s in memory, \(number(cached)) at best"
  }

  /// A benchmark is under way.
  func begin(_ benchmark: KernelBenchmark) {
    if terminal.isInteractive { terminal.write(benchmark.name + " …") }
  }

  /// A benchmark is done.
  func end(_ outcome: BenchmarkOutcome) {
    if terminal.isInteractive { terminal.write("\r\u{1B}[K") }
    let name = outcome.benchmark.name
    switch outcome.result {
    case .success(let figure):
      terminal.writeLine(
        line(
          name, BenchmarkDisplay.number(figure.value), figure.unit.rawValue,
          String(format: "%.0f%%", figure.measurement.spread * 100),
          figure.share.map { String(format: "%.0f%%", $0 * 100) } ?? ""))
    case .failure(let error): terminal.writeLine("\(name): \(error)")
    }
  }

  private static func number(_ value: Double) -> String {
    String(format: "%.*f", value >= 999.5 ? 0 : value >= 99.95 ? 1 : 2, value)
  }

  private func line(_ name: String, _ figure: String, _ unit: String, _ spread: String, _ share: String) -> String {
    func blanks(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(width - text.count, 0)) }
    func left(_ text: String, _ width: Int) -> String { text + blanks(text, width) }
    func right(_ text: String, _ width: Int) -> String { blanks(text, width) + text }
    return "\(left(name, width))  \(right(figure, 8)) \(left(unit, 8)) \(right(spread, 6)) \(right(share, 9))"
  }
}

extension DeviceLimits {
  /// The limits in operations and bytes a second.
  var json: JSONValue {
    var object = JSONObject()
    object["multiply_adds"] = multiplyAddRate.map { .number($0) }
    object["copies"] = .array(copyRates.map { .object(["bytes": .number($0.bytes), "rate": .number($0.rate)]) })
    return .object(object)
  }
}

extension BenchmarkOutcome {
  /// A figure with its name, or the name and why there is no figure.
  var json: JSONValue {
    var object: JSONObject = ["name": .string(benchmark.name)]
    switch result {
    case .success(let figure):
      object["value"] = .number(figure.value)
      object["unit"] = .string(figure.unit.rawValue)
      object["seconds"] = .number(figure.measurement.median)
      object["spread"] = .number(figure.measurement.spread)
      object["share"] = figure.share.map { .number($0) }
    case .failure(let error): object["error"] = .string(error.message)
    }
    return .object(object)
  }
}
