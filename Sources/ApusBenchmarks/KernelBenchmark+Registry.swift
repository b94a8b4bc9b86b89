import Apus
import ApusOptimizers

extension KernelBenchmark {
  /// The registry: every family, one row each.
  public static let families = [
    MatrixProductBenchmark.family, ConvolutionBenchmark.family, PointwiseBenchmarks.family, ReductionBenchmark.family,
    SoftmaxBenchmarks.family, NormBenchmark.family, AttentionBenchmark.family, IndexingBenchmark.family,
    PoolingBenchmark.family, UpdateBenchmark.family, CopyBenchmark.family, LaunchBenchmarks.family,
    TrainingStep.family,
  ]

  /// Every benchmark, family by family.
  public static let all = families.flatMap(\.benchmarks)

  /// Those that are run when none are named.
  public static let quick = all.filter(\.isQuick)

  /// The benchmarks whose names begin with the words of one of the patterns: a family's name gives all of it,
  /// `update adam` one optimizer's updates, a whole name that benchmark. `x` stands for `×`.
  ///
  /// - Throws: `UnknownBenchmark` for a pattern that no name begins with.
  public static func named(_ patterns: [String]) throws(UnknownBenchmark) -> [KernelBenchmark] {
    func words(_ text: String) -> [Substring] {
      text.lowercased().replacing("×", with: "x").split(separator: " ")
    }
    let names = all.map { words($0.name) }
    var isWanted = [Bool](repeating: false, count: all.count)
    for pattern in patterns {
      let matching = names.indices.filter { names[$0].starts(with: words(pattern)) }
      guard !matching.isEmpty, !words(pattern).isEmpty else { throw UnknownBenchmark(name: pattern) }
      for index in matching { isWanted[index] = true }
    }
    return zip(all, isWanted).filter(\.1).map(\.0)
  }
}

/// A name that no benchmark has.
public struct UnknownBenchmark: Error, Sendable, CustomStringConvertible {
  /// What was asked for.
  public let name: String

  public var description: String {
    // Every beginning of a name is one that can be asked for.
    let known = KernelBenchmark.all.flatMap { benchmark in
      let words = benchmark.name.split(separator: " ")
      return words.indices.map { words[...$0].joined(separator: " ") }
    }
    let nearest = nearestName(to: name, in: known).map { "did you mean '\($0)'? " } ?? ""
    return "there is no benchmark '\(name)'; \(nearest)'apus bench --list' has the names"
  }
}
