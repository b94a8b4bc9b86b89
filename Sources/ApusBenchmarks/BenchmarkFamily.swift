/// Benchmarks of one kind of kernel.
public struct BenchmarkFamily: Sendable {
  /// The first word of its benchmarks' names.
  public let name: String
  /// What is measured, in a few words.
  public let summary: String
  /// Its benchmarks.
  public let benchmarks: [KernelBenchmark]

  /// A family of one benchmark, or several, for each of a list of cases.
  init<Case>(_ name: String, _ summary: String, of cases: [Case], _ benchmarks: (Case) -> [KernelBenchmark]) {
    self.name = name
    self.summary = summary
    self.benchmarks = cases.flatMap(benchmarks)
  }

  /// A family of one benchmark for each of a list of cases.
  init<Case>(_ name: String, _ summary: String, of cases: [Case], _ benchmark: (Case) -> KernelBenchmark) {
    self.init(name, summary, of: cases) { [benchmark($0)] }
  }
}
