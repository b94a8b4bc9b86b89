import ApusCompiler

/// The device's times of the commands of a profiled queue, gathered by name.
package struct Profile {
  /// What one kernel (or kind of transfer) took.
  package struct Entry: Sendable, Hashable {
    package var count = 0
    /// In seconds, as are all times.
    package var total = 0.0
    package var shortest = Double.infinity
  }

  /// The commands that are done, by name; complete after `CommandQueue.finish`.
  package private(set) var entries: [String: Entry] = [:]

  /// When the first tagged commands ran, in the order in which they were enqueued; complete after
  /// `CommandQueue.finish`.
  package private(set) var intervals: [(tag: Tag, interval: LaunchInterval)] = []

  /// Whose command it is, and in which of its runs.
  package struct Tag: Sendable, Hashable {
    let owner: ObjectIdentifier
    let run: Int
  }

  private var pending: [(name: String, tag: Tag?, event: Event)] = []

  /// Takes a command; every few thousand the finished ones are counted, so that no driver has to keep
  /// more events than that.
  mutating func add(_ name: String, _ tag: Tag?, _ event: Event) throws(OpenCLError) {
    pending.append((name, tag, event))
    if pending.count >= 4096 {
      try event.wait()
      try settle()
    }
  }

  /// Counts the pending commands, all of which must be done.
  mutating func settle() throws(OpenCLError) {
    for (name, tag, event) in pending {
      let times = try event.times()
      let seconds = Double(times.end &- times.start) * 1e-9
      entries[name, default: Entry()].count += 1
      entries[name, default: Entry()].total += seconds
      entries[name, default: Entry()].shortest = min(entries[name]?.shortest ?? seconds, seconds)
      if let tag, intervals.count < LaunchInterval.limit {
        let start = Double(times.start) * 1e-9
        intervals.append((tag, LaunchInterval(label: name, run: tag.run, start: start, duration: seconds)))
      }
    }
    pending.removeAll(keepingCapacity: true)
  }
}

extension Profile: CustomStringConvertible {
  /// A table, the costliest first.
  package var description: String {
    let total = entries.values.reduce(0) { $0 + $1.total }
    let rows = entries.sorted { ($0.value.total, $1.key) > ($1.value.total, $0.key) }
    let width = max(6, rows.map(\.key.count).max() ?? 0)
    func row(_ name: String, _ fields: [String]) -> String {
      name.padded(to: width) + fields.map { $0.paddedLeft(to: 12) }.joined()
    }
    var lines = [row("kernel", ["count", "total ms", "min us", "share %"])]
    for (name, entry) in rows {
      lines.append(
        row(
          name,
          [
            String(entry.count), (entry.total * 1e3).rounded(to: 3), (entry.shortest * 1e6).rounded(to: 1),
            (100 * entry.total / total).rounded(to: 1),
          ]))
    }
    return lines.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func paddedLeft(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}

extension Double {
  fileprivate func rounded(to digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return "\((self * scale).rounded() / scale)"
  }
}
