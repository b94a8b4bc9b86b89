import Apus
import Foundation

/// The time of each launch of a step.
enum Profile {
  static func print(_ times: [LaunchTime], on terminal: Terminal) {
    let total = times.reduce(0) { $0 + $1.total }
    guard total > 0 else {
      terminal.writeLine("no launches were timed")
      return
    }
    var table = TextTable(columns: [("share", .right), ("µs each", .right), ("launches", .right), ("launch", .left)])
    for time in times.sorted(by: { $0.total > $1.total }) where time.count > 0 {
      table.append([
        Quantity.percent(time.total / total), String(format: "%.1f", time.total / Double(time.count) * 1e6),
        Quantity.count(time.count), time.label,
      ])
    }
    for line in table.lines() { terminal.writeLine(line) }
  }
}
