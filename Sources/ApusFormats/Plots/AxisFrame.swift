import Foundation

/// A panel's axis with its range settled: from values to fractions of its length, and the marks along it.
package struct AxisFrame {
  /// A mark on an axis.
  package struct Tick: Hashable {
    package let value: Double
    /// The text beside it; empty for the small marks between.
    package let label: String
  }

  package let low: Double
  package let high: Double
  package let isLogarithmic: Bool
  private let isWhole: Bool
  private let names: [String]

  /// The frame around `values`, with a little room, and 0 where it is near.
  ///
  /// - Parameters:
  ///   - isHorizontal: no room at the ends.
  package init(values: [Double], axis: ChartAxis, isHorizontal: Bool = false) {
    isWhole = axis.isWhole
    names = axis.names
    // Nothing beyond these can be told apart in a drawing, and their differences and ratios stay finite.
    let finite = values.filter(\.isFinite).map { min(max($0, -1e100), 1e100) }
    let positive = finite.filter { $0 > 0 }.map { max($0, 1e-100) }
    let spread = (positive.max() ?? 1) / (positive.min() ?? 1)
    isLogarithmic =
      switch axis.scale {
      case .linear: false
      case .logarithmic: true
      case .automatic: positive.count == finite.count && spread > 20
      }
    var low = (isLogarithmic ? positive : finite).min() ?? 0
    var high = (isLogarithmic ? positive : finite).max() ?? 1
    if let range = axis.range, range.lowerBound < range.upperBound, !isLogarithmic || range.lowerBound > 0 {
      (low, high) = (range.lowerBound, range.upperBound)
    } else if isLogarithmic {
      if positive.isEmpty { (low, high) = (0.1, 1) }
      let room = pow(max(high / low, 1.5), 0.04)
      (low, high) = (low / room, high * room)
    } else {
      if low == high { (low, high) = low == 0 ? (0, 1) : (low - abs(low) / 10, low + abs(low) / 10) }
      let room = (high - low) * 0.04
      if low > 0, low < high / 4 { low = 0 } else if low != 0, !isHorizontal { low -= room }
      if !isHorizontal { high += room }
    }
    self.low = low
    self.high = high
  }

  /// Where a value lies: 0 at the low end, 1 at the high end; nil where it cannot be drawn.
  package func fraction(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let value = isLogarithmic ? min(max(value, 1e-100), 1e100) : value
    return isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }

  /// About `count` marks at round values, or one at each name.
  package func ticks(about count: Int) -> [Tick] {
    if !names.isEmpty { return names.enumerated().map { Tick(value: Double($0), label: $1) } }
    // Within a factor of three there are too few round powers, and the scale is nearly linear anyway.
    return isLogarithmic && high / low > 3 ? logarithmicTicks(about: count) : linearTicks(about: count)
  }

  private func linearTicks(about count: Int) -> [Tick] {
    let rough = (high - low) / Double(max(count, 1))
    let magnitude = pow(10, floor(log10(rough)))
    let round = [1, 2, 2.5, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? rough
    let step = isWhole ? max(round.rounded(.up), 1) : round
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = Int((high / step + 1e-9).rounded(.down))
    guard first <= last else { return [] }
    let values = (first...last).map { Double($0) * step }
    let labels = AxisFrame.labels(values, step: step)
    return zip(values, labels).map(Tick.init)
  }

  private func logarithmicTicks(about count: Int) -> [Tick] {
    let decades =
      Int(
        (log10(low) - 1e-9).rounded(.up))...max(
        Int((log10(high) + 1e-9).rounded(.down)), Int((log10(low) - 1e-9).rounded(.up)))
    let span = log10(high / low)
    let labelled: Set<Int> = span < 1.2 ? Set(1...9) : span < 3.2 ? [1, 2, 5] : [1]
    let every = max(1, Int((span / Double(max(count, 1))).rounded(.up)))
    // Powers of ten where only these are marked; numbers as people write them where there are some between.
    let isPlain = labelled.count > 1 && log10(low) >= -4 && log10(high) < 4
    var ticks: [Tick] = []
    for exponent in decades.lowerBound - 1...decades.upperBound {
      for digit in 1...9 {
        let value = Double(digit) * pow(10, Double(exponent))
        guard value >= low * (1 - 1e-9), value <= high * (1 + 1e-9), every == 1 || digit == 1 else { continue }
        let isLabelled = labelled.contains(digit) && (exponent % every == 0)
        ticks.append(
          Tick(value: value, label: isLabelled ? AxisFrame.powerLabel(digit, exponent, isPlain: isPlain) : ""))
      }
    }
    return ticks
  }

  /// Labels that share their number of decimals, and thousands as k or M where all allow it.
  static func labels(_ values: [Double], step: Double) -> [String] {
    let largest = values.map(abs).max() ?? 0
    if largest >= 1e9 || (largest < 1e-4 && largest > 0) {
      return values.map { $0 == 0 ? "0" : String(format: "%.3g", $0) }
    }
    let (unit, suffix) = largest >= 1e6 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1, "")
    let decimals = (0...6).first { decimals in
      let scaled = step / unit * pow(10, Double(decimals))
      return abs(scaled - scaled.rounded()) < 1e-6 * scaled
    }
    return values.map { $0 == 0 ? "0" : String(format: "%.*f", decimals ?? 6, $0 / unit) + suffix }
  }

  private static func powerLabel(_ digit: Int, _ exponent: Int, isPlain: Bool) -> String {
    if isPlain {
      return exponent >= 0
        ? String(digit) + String(repeating: "0", count: exponent)
        : "0." + String(repeating: "0", count: -exponent - 1) + String(digit)
    }
    return (digit == 1 ? "" : "\(digit)·") + powerOfTen(exponent)
  }

  /// `10⁻³`.
  package static func powerOfTen(_ exponent: Int) -> String {
    let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let power = String(String(abs(exponent)).compactMap { $0.wholeNumberValue.map { superscripts[$0] } })
    return "10" + (exponent < 0 ? "⁻" : "") + power
  }
}
