import Foundation

extension ThreadPool {
  /// The number of threads a pool has unless told otherwise: `APUS_THREADS` where it is a positive number, else
  /// the processors that this process may use, within its control group's quota.
  package static var defaultThreadCount: Int {
    if let text = ProcessInfo.processInfo.environment["APUS_THREADS"], let wanted = Int(text), wanted > 0 {
      return wanted
    }
    let processors = max(1, ProcessInfo.processInfo.activeProcessorCount)
    guard let quota = processorQuota() else { return processors }
    return max(1, min(processors, Int(quota.rounded(.up))))
  }

  /// The control group's limit in processors, version 2 or 1, or nil where there is none.
  private static func processorQuota() -> Double? {
    func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
    if let fields = read("/sys/fs/cgroup/cpu.max")?.split(whereSeparator: \.isWhitespace), fields.count == 2,
      let quota = Double(fields[0]), let period = Double(fields[1]), period > 0
    {
      return quota / period
    }
    let group = "/sys/fs/cgroup/cpu/cpu.cfs_"
    guard let quota = read(group + "quota_us").flatMap({ Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }),
      let period = read(group + "period_us").flatMap({ Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }),
      quota > 0, period > 0
    else { return nil }
    return quota / period
  }
}
