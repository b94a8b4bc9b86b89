import ApusConformance
import Foundation

extension ConformanceCase {
  /// The first so many graphs drawn at random, unless `APUS_RANDOM_GRAPHS` says which, as `1000-1999`.
  public static func random(count: Int) -> [ConformanceCase] {
    let wanted = ProcessInfo.processInfo.environment["APUS_RANDOM_GRAPHS"] ?? ""
    let bounds = wanted.split(separator: "-").compactMap { Int($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else { return random(seeds: 0..<count) }
    return random(seeds: bounds[0]..<bounds[1] + 1)
  }
}
